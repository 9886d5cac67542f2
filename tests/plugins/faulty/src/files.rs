//! Files of backups, and backups of files. Rows are handed on as they are, but for one unit that is read and written again.

use crate::fault::Fault;
use crate::rows::{SCHEMA, UNITS, count};
use cofferdam_sdk::engine::{
    Complete, Data, Described, File, FilesOptions, FilesPlan, Found, Layout, Made, Note, Part, Source, Summary, Unit,
};
use cofferdam_sdk::{Error, Options, Reading, Result, StreamResult};

/// The file that describes the others.
const ABOUT: &str = "about.txt";
/// The unit that goes through the plugin.
const READ: &str = "data/some";

/// One file for each unit of rows, and one for the unit that holds none.
pub async fn lay_out(source: Source, options: FilesOptions) -> Result<Layout> {
    let fault = Fault::chosen(&options.extra);
    fault.strike("lay-out").await?;
    let mut files = vec![
        file(ABOUT, vec![Part::Bytes(b"about: ".to_vec()), Part::Unit("schema".to_owned())]),
        file("empty.txt", Vec::new()),
    ];
    for unit in source.units.iter().filter(|unit| unit.framing == "lines") {
        // Nothing but its path tells `convert` which fault was asked for.
        let path = match fault.of("convert") {
            Some(what) if unit.name == READ => format!("rows/some.{what}.txt"),
            _ => format!("rows/{}.txt", short(&unit.name)),
        };
        files.push(file(&path, vec![Part::Unit(unit.name.clone())]));
    }
    match fault.of("file") {
        Some("outside") => files.push(file("../outside.txt", Vec::new())),
        Some("twice") => files.push(file("ABOUT.txt", Vec::new())),
        Some("unknown") => files.push(file("unknown.txt", vec![Part::Unit("data/unknown".to_owned())])),
        Some("missing") => files.retain(|file| !file.path.contains("few")),
        _ => {}
    }
    Ok(Layout { files, notes: Vec::new() })
}

/// A unit's stream as it belongs into its file.
pub async fn to_file(path: &str, unit: &Unit, data: Data, complete: Complete) -> Result<Reading> {
    if unit.name == READ { read(path, data, complete).await } else { Ok(Reading::passed_on(data, complete)) }
}

/// The file that describes the others.
pub fn describing(files: Vec<Found>) -> Vec<String> {
    files.into_iter().map(|file| file.path).filter(|path| path == ABOUT).collect()
}

/// A unit of each file of rows, or of several: `rows/many.1.txt` and `rows/many.2.txt`.
pub async fn recognise(files: Vec<Found>, described: Vec<Described>, options: Options) -> Result<FilesPlan> {
    let fault = Fault::chosen(&options);
    fault.strike("recognise").await?;
    let about = described.iter().find(|file| file.path == ABOUT);
    if about.is_none_or(|file| !file.content.ends_with(SCHEMA)) {
        return Err(Error::invalid_options("the folder has no about.txt of ours"));
    }
    let extra = || fault.of("import").map(|what| vec![("fault".to_owned(), what.to_owned())]).unwrap_or_default();
    let mut units = vec![Made {
        unit: Unit { extra: extra(), ..crate::backup::unit("schema", "none", &[]) },
        files: vec![ABOUT.to_owned()],
    }];
    for (name, _) in UNITS {
        let of_unit = |file: &&Found| file.path.starts_with(&format!("rows/{}.", short(name)));
        let files = files.iter().filter(of_unit).map(|file| file.path.clone()).collect();
        let unit = Unit { extra: extra(), ..crate::backup::unit(name, "lines", &["schema"]) };
        units.push(Made { unit, files });
    }
    let left_out = files.into_iter().filter(|file| file.path == "empty.txt").map(|file| Note {
        kind: "left-out".to_owned(),
        object: file.path,
        reason: "there is nothing in it".to_owned(),
    });
    Ok(FilesPlan {
        consistency: "per-object".to_owned(),
        taken_at: None,
        position: None,
        server_version: "1".to_owned(),
        database: Some("imported".to_owned()),
        units,
        notes: left_out.collect(),
        extra: Vec::new(),
    })
}

/// A file's stream as it belongs into its unit.
pub async fn of_file(unit: &Unit, data: Data, complete: Complete) -> Result<Reading> {
    if unit.framing == "none" {
        complete_without(data, complete).await?;
        return Ok(Reading::from_bytes(SCHEMA.to_vec(), Summary::default()));
    }
    let what = unit.extra.iter().find(|(name, _)| name == "fault").map_or("", |(_, what)| what);
    if unit.name == READ {
        read(&format!("x.{what}.txt"), data, complete).await
    } else {
        Ok(Reading::passed_on(data, complete))
    }
}

/// Reads a stream and writes it again; the fault is in the path.
async fn read(path: &str, mut data: Data, complete: Complete) -> Result<Reading> {
    let fault = path.split('.').nth(1).unwrap_or_default().to_owned();
    assert!(fault != "panic", "on request, in convert");
    Ok(Reading::produced(|mut writer| async move {
        if fault == "unread" {
            return Ok(Summary::default());
        }
        let mut rows = 0;
        loop {
            let (result, piece) = data.read(Vec::with_capacity(64 << 10)).await;
            rows += count(&piece);
            writer.write(piece).await?;
            if !matches!(result, StreamResult::Complete(_)) {
                break;
            }
            assert!(fault != "midway", "on request, in the middle of a stream");
        }
        complete.await?;
        if fault == "refuse" {
            return Err(Error::unsupported("no such file can be made"));
        }
        if fault == "miscount" {
            rows += 1;
        }
        Ok(Summary { rows: Some(rows), ..Summary::default() })
    }))
}

async fn complete_without(mut data: Data, complete: Complete) -> Result<()> {
    while let (StreamResult::Complete(_), _) = data.read(Vec::with_capacity(64 << 10)).await {}
    complete.await
}

fn file(path: &str, parts: Vec<Part>) -> File {
    File { path: path.to_owned(), parts }
}

fn short(unit: &str) -> &str {
    unit.strip_prefix("data/").unwrap_or(unit)
}
