//! MongoDB: how many documents and megabytes a second, and a second of processor time, reading and writing; at two sizes,
//! to see that memory doesn't grow with the data. `mongodump` and `mongorestore` beside it where they are on the PATH.
//!
//! The server is the double of the tests, since no registry carries mongod: it holds everything in memory, in this
//! process, on the same cores. So the times say what Cofferdam needs, and nothing of a real server's disks.

use std::process::Command;
use std::time::Duration;

use bson::doc;
use cofferdam_tests::cofferdam::Cofferdam;
use cofferdam_tests::command::run as run_command;
use cofferdam_tests::doubles::mongodb::{Mongodb, Options, User};
use cofferdam_tests::error::Result;
use cofferdam_tests::files::size;

use crate::measure::{Cost, Purpose, measure};
use crate::settings::Settings;
use crate::table::Series;

const PASSWORD: &str = "not easily guessed";

/// Documents at scale 1, of about 500 bytes each, in two collections.
const DOCUMENTS: f64 = 800_000.0;

/// Parts of that, each measured by itself.
const PARTS: [f64; 2] = [0.25, 1.0];

const HEAD: &str = "\
| task | documents | MB | tool | wall, s | documents/s | MB/s | CPU, s | documents/CPU-s | MB/CPU-s | peak memory, MB | written, MB |
|---|--:|--:|---|--:|--:|--:|--:|--:|--:|--:|--:|";

/// Measures both tasks at each size.
///
/// # Errors
/// If a tool fails, or a copy has not all documents.
pub fn run(settings: &Settings) -> Result<()> {
    println!("\nMongoDB, on the tests' double of it (no real server):\n\n{HEAD}");
    let peers = ["mongodump", "mongorestore"].iter().all(|tool| is_there(tool));
    for part in PARTS {
        #[expect(clippy::cast_possible_truncation, reason = "far below 2^31 at any scale that fits into memory")]
        let number = (DOCUMENTS * settings.scale * part) as i32;
        let data = Data::load(number)?;
        for (task, series) in data.tasks(settings, peers)? {
            println!("{}", row(task, &data, &series));
        }
    }
    if !peers {
        println!("\nNo mongodump beside it: it isn't installed here.");
    }
    Ok(())
}

fn is_there(tool: &str) -> bool {
    run_command(Command::new(tool).arg("--version"), Duration::from_secs(10)).is_ok_and(|run| run.status.success())
}

struct Data {
    server: Mongodb,
    documents: u64,
    bytes: u64,
}

impl Data {
    fn load(number: i32) -> Result<Self> {
        eprintln!("loading {number} documents into the double of MongoDB ...");
        let user = User { name: "bench".into(), password: PASSWORD.into() };
        let server = Mongodb::start(Options { user: Some(user), ..Options::default() })?;
        let mut bytes = 0;
        for collection in ["orders", "customers"] {
            let made = (0..number / 2).map(document).collect::<std::result::Result<Vec<_>, _>>()?;
            bytes += made.iter().map(|document| document.len() as u64).sum::<u64>();
            server.insert(&format!("bench.{collection}"), made)?;
        }
        let documents = u64::try_from(number / 2 * 2)?;
        Ok(Self { server, documents, bytes })
    }

    fn tasks(&self, settings: &Settings, peers: bool) -> Result<Vec<(&'static str, Series)>> {
        let (mut backup, mut restore) = (Series::new("cofferdam"), Series::new("cofferdam"));
        let (mut dump, mut reload) = (Series::new("mongodump"), Series::new("mongorestore"));
        let jobs = settings.jobs.to_string();
        for round in 0..=settings.rounds {
            let purpose = if round == 0 { Purpose::Memory } else { Purpose::Time };
            let mut cofferdam = Cofferdam::new()?;
            cofferdam.add_mongodb("bench", &self.server.url("bench"), PASSWORD)?;
            cofferdam.initialize()?;
            backup.take(measure(&mut cofferdam.command(&["backup", "bench", "--jobs", &jobs]), &[], purpose)?);
            backup.bytes = Some(size(&cofferdam.repository())?);
            let again = ["restore", "bench@latest", "--to", "bench", "--database", "again", "--jobs", &jobs];
            restore.take(measure(&mut cofferdam.command(&again), &[], purpose)?);
            self.check_and_drop()?;
            if peers {
                let folder = tempfile::tempdir()?;
                dump.take(self.peer("mongodump", &["--db=bench", "-j", &jobs, "--out"], folder.path(), purpose)?);
                dump.bytes = Some(size(folder.path())?);
                let names = ["--nsFrom=bench.*", "--nsTo=again.*", "-j", &jobs];
                reload.take(self.peer("mongorestore", &names, folder.path(), purpose)?);
                self.check_and_drop()?;
            }
        }
        let mut all = vec![("backup", backup), ("restore", restore)];
        if peers {
            all.extend([("backup", dump), ("restore", reload)]);
        }
        Ok(all)
    }

    fn peer(&self, tool: &str, arguments: &[&str], folder: &std::path::Path, purpose: Purpose) -> Result<Cost> {
        let url = format!("{}?authSource=admin", self.server.full_url());
        measure(Command::new(tool).arg(format!("--uri={url}")).args(arguments).arg(folder), &[], purpose)
    }

    /// A tool that was fast because it left something out doesn't count.
    fn check_and_drop(&self) -> Result<()> {
        let found: u64 =
            ["orders", "customers"].iter().filter_map(|name| self.server.count(&format!("again.{name}"))).sum();
        if found != self.documents {
            return Err(format!("the copy isn't whole: {found} documents instead of {}", self.documents).into());
        }
        self.server.drop_database("again")
    }
}

/// About 500 bytes, of which no two are alike and which compress about as orders do.
fn document(number: i32) -> bson::error::Result<Vec<u8>> {
    let lines: Vec<_> = (0..4)
        .map(|line| doc! { "article": (number * 7 + line) % 9973, "pieces": line, "price": f64::from(number) / 7.0 })
        .collect();
    let text = format!(
        "{:032x}",
        (u128::from(number.unsigned_abs()) + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C834)
    );
    doc! { "_id": number, "customer": text, "at": bson::DateTime::from_millis(i64::from(number) * 1000), "lines": lines, "note": "to be delivered to the neighbours, please, and only in the evening ".repeat(2) }.to_vec()
}

fn row(task: &str, data: &Data, series: &Series) -> String {
    let (wall, cpu) = (series.median(|cost| cost.wall), series.median(|cost| cost.cpu));
    let (documents, megabytes) = (data.documents as f64, data.bytes as f64 / 1e6);
    format!(
        "| {task} | {documents} | {megabytes:.0} | {} | {wall:.1} | {:.0} | {:.0} | {cpu:.1} | {:.0} | {:.0} | {} | {} |",
        series.tool,
        documents / wall,
        megabytes / wall,
        documents / cpu,
        megabytes / cpu,
        series.megabytes(),
        series.bytes.map_or(String::new(), |bytes| format!("{:.0}", bytes as f64 / 1e6)),
    )
}
