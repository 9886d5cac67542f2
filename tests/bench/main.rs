//! `make bench`: the same work by Cofferdam and by the tools that people use now, on the same servers, turn by turn, for
//! each part of a mix: one big table, a hundred middling ones, ten thousand tiny ones, and all of them in one database.
//!
//! Backup and restore against `pg_dump -Fd` and `pg_restore` of PostgreSQL 17, with the same jobs and the same
//! compression (zstd, level 1); clone against `pgcopydb`, which knows PostgreSQL 15. `BENCH_SCALE`, `BENCH_JOBS`,
//! `BENCH_ROUNDS`, `BENCH_PARTS` and `BENCH_TASKS` change what is done. Each backup goes into an empty repository, so
//! deduplication between rounds doesn't help; making repositories and databases isn't timed. What memory a tool has is looked
//! at in a run of its own, before the rounds. MongoDB comes last, by itself.

mod measure;
mod mongodb;
mod part;
mod settings;
mod shares;
mod table;
mod tasks;

use std::process::ExitCode;

use cofferdam_tests::error::Result;
use cofferdam_tests::servers::{Major, Options, Postgresql};

use part::Part;
use settings::Settings;
use table::Series;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("The benchmark failed: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let settings = Settings::from_environment()?;
    println!("Scale {}, {} jobs, {} rounds, medians; fsync on.\n", settings.scale, settings.jobs, settings.rounds);
    println!("{}", table::HEAD);
    if settings.wants("backup") || settings.wants("restore") {
        let server = start(Major::V17)?;
        let mut spent = Vec::new();
        each_part(&settings, &server, |part| {
            let mut measured = Vec::new();
            if settings.wants("backup") {
                let backups = tasks::backups(&server, part, &settings)?;
                spent.extend(backups.0.shares.clone());
                measured.push(("backup", backups));
            }
            if settings.wants("restore") {
                measured.push(("restore", tasks::restores(&server, part, &settings)?));
            }
            Ok(measured)
        })?;
        if !spent.is_empty() {
            println!("\nWhere a backup's time goes, in the last round; seconds of all threads:\n\n{}", shares::HEAD);
            println!("{}\n", spent.join("\n"));
        }
    }
    if settings.wants("clone") && !settings::has_pgcopydb() {
        println!("\nNo clone: pgcopydb isn't installed here.");
    } else if settings.wants("clone") {
        let (source, target) = (start(Major::V15)?, start(Major::V15)?);
        each_part(&settings, &source, |part| Ok(vec![("clone", tasks::clones(&source, &target, part, &settings)?)]))?;
    }
    if settings.wants("mongodb") {
        mongodb::run(&settings)?;
    }
    Ok(())
}

/// What both tools needed for a task.
type Both = (Series, Series);

/// Loads each part, measures it, prints what came out, and drops it.
fn each_part(
    settings: &Settings,
    server: &Postgresql,
    mut measure: impl FnMut(Part) -> Result<Vec<(&'static str, Both)>>,
) -> Result<()> {
    for &part in &settings.parts {
        eprintln!("loading {} into PostgreSQL {} ...", part.name(), server.major());
        part.load(server, settings.scale)?;
        for (task, (ours, theirs)) in measure(part)? {
            println!("{}", table::rows(task, part.name(), &ours, &theirs));
        }
        server.sql("postgres", &format!("DROP DATABASE \"{}\"", part.name()))?;
    }
    Ok(())
}

/// Durable, and with locks for all the tables in one transaction; else as PostgreSQL comes.
fn start(major: Major) -> Result<Postgresql> {
    let options = Options { fsync: true, ..Options::new(major) };
    Postgresql::start_with(&options.set("max_locks_per_transaction", "1024").set("max_wal_size", "4GB"))
}
