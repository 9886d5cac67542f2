//! The three tasks, each done by both tools, turn by turn, on one part.

use std::path::Path;
use std::process::Command;

use cofferdam_tests::cofferdam::Cofferdam;
use cofferdam_tests::error::Result;
use cofferdam_tests::files::size;
use cofferdam_tests::servers::{Postgresql, SUPERUSER};

use crate::measure::{Cost, Purpose, measure, measure_said};
use crate::part::Part;
use crate::settings::Settings;
use crate::shares;
use crate::table::Series;

/// Where a restore or a clone goes.
const COPY: &str = "bench_copy";

const CHECK: &str = include_str!("check.sql");

/// Backup: ours, and pg_dump's.
pub fn backups(server: &Postgresql, part: Part, settings: &Settings) -> Result<(Series, Series)> {
    let (mut ours, mut theirs) = (Series::new("cofferdam"), Series::new("pg_dump -Fd, zstd:1"));
    rounds(
        settings,
        |purpose| {
            let cofferdam = repository(server, part)?;
            let (cost, answer) = backup(&cofferdam, server, part, settings, purpose)?;
            ours.shares = Some(shares::row(part.name(), &cost, &answer)?);
            ours.take(cost);
            ours.bytes = Some(size(&cofferdam.folder().join("repository"))?);
            Ok(())
        },
        |purpose| {
            let folder = tempfile::tempdir()?;
            theirs.take(dump(server, part, &folder.path().join("dump"), settings, purpose)?);
            theirs.bytes = Some(size(folder.path())?);
            Ok(())
        },
    )?;
    Ok((ours, theirs))
}

/// Restore into an empty database: ours, and pg_restore's.
pub fn restores(server: &Postgresql, part: Part, settings: &Settings) -> Result<(Series, Series)> {
    let (mut ours, mut theirs) = (Series::new("cofferdam"), Series::new("pg_restore"));
    let cofferdam = repository(server, part)?;
    backup(&cofferdam, server, part, settings, Purpose::Time)?;
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("dump");
    dump(server, part, &path, settings, Purpose::Time)?;
    let jobs = settings.jobs.to_string();
    rounds(
        settings,
        |purpose| {
            server.create_database(COPY)?;
            server.sql("postgres", "CHECKPOINT")?;
            // pg_restore gathers no statistics.
            let arguments = ["restore", "bench@latest", "--to", "bench", "--database", COPY, "--jobs", &jobs];
            let arguments = [&arguments[..], &["--set", "analyze=off"]].concat();
            ours.take(measure(&mut cofferdam.command(&arguments), &[server], purpose)?);
            check_and_drop(server, server, part)
        },
        |purpose| {
            server.create_database(COPY)?;
            server.sql("postgres", "CHECKPOINT")?;
            let mut restore = server.client("pg_restore", COPY)?;
            theirs.take(measure(restore.args(["-j", &jobs, "-d", COPY]).arg(&path), &[server], purpose)?);
            check_and_drop(server, server, part)
        },
    )?;
    Ok((ours, theirs))
}

/// Clone into an empty database of another server: ours, and pgcopydb's.
pub fn clones(source: &Postgresql, target: &Postgresql, part: Part, settings: &Settings) -> Result<(Series, Series)> {
    let (mut ours, mut theirs) = (Series::new("cofferdam"), Series::new("pgcopydb clone"));
    let mut cofferdam = repository(source, part)?;
    cofferdam.add_instance("target", target, SUPERUSER)?;
    let jobs = settings.jobs.to_string();
    rounds(
        settings,
        |purpose| {
            target.create_database(COPY)?;
            target.sql("postgres", "CHECKPOINT")?;
            let arguments = ["clone", "bench", "target", "--database", part.name(), "--as", COPY, "--jobs", &jobs];
            ours.take(measure(&mut cofferdam.command(&arguments), &[source, target], purpose)?);
            check_and_drop(source, target, part)
        },
        |purpose| {
            target.create_database(COPY)?;
            target.sql("postgres", "CHECKPOINT")?;
            let folder = tempfile::tempdir()?;
            let mut copy = Command::new("pgcopydb");
            copy.args(["clone", "--table-jobs", &jobs, "--index-jobs", &jobs, "--dir"]).arg(folder.path().join("work"));
            // The environment holds one password only, so here they are part of the addresses.
            copy.env("PGCOPYDB_SOURCE_PGURI", with_password(source, part.name()));
            copy.env("PGCOPYDB_TARGET_PGURI", with_password(target, COPY));
            theirs.take(measure(&mut copy, &[source, target], purpose)?);
            check_and_drop(source, target, part)
        },
    )?;
    Ok((ours, theirs))
}

/// Both tools in each round; who goes first changes, so that neither always finds the caches warm. Before the first, each
/// does it once for its memory.
fn rounds(
    settings: &Settings,
    mut ours: impl FnMut(Purpose) -> Result<()>,
    mut theirs: impl FnMut(Purpose) -> Result<()>,
) -> Result<()> {
    for round in 0..=settings.rounds {
        let purpose = if round == 0 { Purpose::Memory } else { Purpose::Time };
        if round % 2 == 0 {
            ours(purpose)?;
            theirs(purpose)?;
        } else {
            theirs(purpose)?;
            ours(purpose)?;
        }
    }
    Ok(())
}

/// An empty repository, and a configuration that knows `server` as "bench".
fn repository(server: &Postgresql, part: Part) -> Result<Cofferdam> {
    let mut cofferdam = Cofferdam::new()?;
    cofferdam.add_instance("bench", server, part.name())?;
    cofferdam.initialize()?;
    Ok(cofferdam)
}

fn backup(
    cofferdam: &Cofferdam,
    server: &Postgresql,
    part: Part,
    settings: &Settings,
    purpose: Purpose,
) -> Result<(Cost, String)> {
    let jobs = settings.jobs.to_string();
    let arguments = ["backup", "bench", "--database", part.name(), "--jobs", &jobs, "--json"];
    measure_said(&mut cofferdam.command(&arguments), &[server], purpose)
}

fn dump(server: &Postgresql, part: Part, path: &Path, settings: &Settings, purpose: Purpose) -> Result<Cost> {
    let mut dump = server.client("pg_dump", part.name())?;
    measure(
        dump.args(["-Fd", "--compress=zstd:1", "-j", &settings.jobs.to_string(), "-f"]).arg(path),
        &[server],
        purpose,
    )
}

/// A tool that was fast because it left something out doesn't count.
fn check_and_drop(source: &Postgresql, target: &Postgresql, part: Part) -> Result<()> {
    let (expected, found) = (source.sql(part.name(), CHECK)?, target.sql(COPY, CHECK)?);
    if expected != found {
        return Err(format!("the copy isn't whole: {found} instead of {expected}").into());
    }
    target.sql("postgres", &format!("DROP DATABASE {COPY} WITH (FORCE)"))?;
    Ok(())
}

fn with_password(server: &Postgresql, database: &str) -> String {
    server.url(SUPERUSER, database).replacen('@', &format!(":{}@", server.password()), 1)
}
