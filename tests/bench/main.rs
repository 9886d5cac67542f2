//! `make bench`: the same work by Cofferdam and by the tools that people use now, on the same servers, turn by turn.
//!
//! Backup and restore against `pg_dump -Fd` and `pg_restore` of PostgreSQL 17, with the same jobs and the same
//! compression (zstd, level 1); clone against `pgcopydb`, which knows PostgreSQL 15. `BENCH_SCALE`, `BENCH_JOBS` and
//! `BENCH_ROUNDS` change what is done. Each backup goes into an empty repository, so deduplication between rounds
//! doesn't help; making repositories and databases isn't timed.

mod measure;
mod settings;
mod table;
mod tasks;

use std::path::Path;
use std::process::ExitCode;

use cofferdam_tests::error::Result;
use cofferdam_tests::servers::{Major, Options, Postgresql};

use settings::Settings;

/// The database that is moved.
const DATABASE: &str = "bench";

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
    eprintln!("loading PostgreSQL 17 ...");
    let server = loaded(Major::V17, &settings)?;
    let size = server.sql(DATABASE, "SELECT pg_size_pretty(pg_database_size(current_database()))")?;
    println!(
        "One big table, 100 middling, {:.0} tiny; {} in all; {} jobs, {} rounds, medians; fsync on.\n\n{}",
        (10_000.0 * settings.scale).max(100.0),
        size.trim(),
        settings.jobs,
        settings.rounds,
        table::HEAD
    );
    let (backup, dump) = tasks::backups(&server, &settings)?;
    println!("{}", table::rows("backup", &backup, &dump));
    let (ours, theirs) = tasks::restores(&server, &settings)?;
    println!("{}", table::rows("restore", &ours, &theirs));
    drop(server);

    if !settings::has_pgcopydb() {
        println!("\nNo clone: pgcopydb isn't installed here.");
        return Ok(());
    }
    eprintln!("loading PostgreSQL 15 ...");
    let (source, target) = (loaded(Major::V15, &settings)?, start(Major::V15)?);
    let (ours, theirs) = tasks::clones(&source, &target, &settings)?;
    println!("{}", table::rows("clone", &ours, &theirs));
    Ok(())
}

/// Durable, and with locks for all the tables in one transaction; else as PostgreSQL comes.
fn start(major: Major) -> Result<Postgresql> {
    let options = Options { fsync: true, ..Options::new(major) };
    Postgresql::start_with(&options.set("max_locks_per_transaction", "1024").set("max_wal_size", "4GB"))
}

fn loaded(major: Major, settings: &Settings) -> Result<Postgresql> {
    let server = start(major)?;
    server.create_database(DATABASE)?;
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("bench/load.sql");
    server.run(DATABASE, &file, &[("scale", &settings.scale.to_string())])?;
    Ok(server)
}
