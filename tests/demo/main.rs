//! `make demo`: a backup, a restore and a clone of a database that looks like life, and what `pg_dump` and `psql` say
//! about the results; then the same for MongoDB.

mod mongodb;
mod page;
mod source;

use std::fs;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use cofferdam_tests::cofferdam::Cofferdam;
use cofferdam_tests::compare::Portrait;
use cofferdam_tests::error::Result;
use cofferdam_tests::files::size;
use cofferdam_tests::servers::{Postgresql, SUPERUSER};

use page::{Page, megabytes, seconds};
use source::DATABASE;

/// No command of the demo takes this long, even at a large scale.
const TIMEOUT: Duration = Duration::from_secs(3600);

fn main() -> ExitCode {
    match run() {
        Ok(differences) if differences.is_empty() => ExitCode::SUCCESS,
        Ok(differences) => {
            eprintln!("\nThe demo failed: {} differences.", differences.len());
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("\nThe demo failed: {error}");
            ExitCode::FAILURE
        }
    }
}

/// All the steps; gives the differences that were found.
fn run() -> Result<Vec<String>> {
    let start = Instant::now();
    let mut page = Page::default();
    page.title("Cofferdam: backup, restore and clone of a PostgreSQL database, and of one of MongoDB");

    let (production, staging) = servers(&mut page)?;
    let before = timed(&page, "taken in", || Portrait::take(&production, DATABASE))?;

    let cofferdam = configure(&mut page, &production, &staging)?;
    backup(&mut page, &cofferdam)?;

    page.step("Restore it into a new database, beside the one it came from");
    command(&page, &cofferdam, &["restore", "production@latest", "--to", "production", "--database", "shop_restored"])?;
    page.step("Clone the database to the second server, with nothing on disk between them");
    command(&page, &cofferdam, &["clone", "production", "staging", "--database", DATABASE])?;

    page.step("Are they the same? Asked of tools that aren't ours");
    page.say("schema     pg_dump --schema-only, compared as text");
    page.say("rows       for every table: psql -c 'COPY ... TO STDOUT' | sort | sha256sum");
    page.say("sequences  where each one stands");
    page.say("");
    let mut differences = Vec::new();
    for (what, server, database) in [
        ("restored", &production, "shop_restored"),
        ("cloned", &staging, DATABASE),
        ("the source", &production, DATABASE),
    ] {
        let after = Portrait::take(server, database)?;
        let found = before.differences(&after)?;
        let verdict = if found.is_empty() { "equal" } else { "DIFFERENT" };
        page.say(&format!(
            "{what:<11}{} lines of schema, {} rows of {} tables, {} sequences: {verdict}",
            after.schema_lines(),
            after.rows(),
            after.relations(),
            after.sequences(),
        ));
        found.iter().for_each(|difference| page.output(difference));
        differences.extend(found);
    }
    differences.extend(mongodb::run(&mut page)?);
    page.say("");
    page.say(&format!("All of it took {}. The servers and their data are gone now.", seconds(start.elapsed())));
    Ok(differences)
}

/// Two servers; the first has the database.
fn servers(page: &mut Page) -> Result<(Postgresql, Postgresql)> {
    page.step("Two PostgreSQL servers, private to this demo, and a database that looks like life");
    let (production, staging) = (source::start()?, source::start()?);
    for (name, server) in [("production", &production), ("staging", &staging)] {
        page.say(&format!("{name:<12}PostgreSQL {} on 127.0.0.1:{}", server.major(), server.port()));
    }
    timed(page, "loaded in", || source::load(&production, &source::scale()?))?;
    page.say(source::summary(&production)?.trim());
    page.say("A portrait of it, to compare with later: pg_dump's schema, digests of all rows, all sequences");
    Ok((production, staging))
}

/// A configuration, and an empty repository.
fn configure(page: &mut Page, production: &Postgresql, staging: &Postgresql) -> Result<Cofferdam> {
    page.step("A configuration and an empty repository");
    let mut cofferdam = Cofferdam::new()?;
    cofferdam.add_instance("production", production, DATABASE)?;
    cofferdam.add_instance("staging", staging, SUPERUSER)?;
    page.command("cat cofferdam.toml");
    page.output(&fs::read_to_string(cofferdam.config())?);
    command(page, &cofferdam, &["repository", "init", "main"])?;
    page.say("The writer key makes backups and can't read them. The recovery key can: in earnest it isn't kept here.");
    Ok(cofferdam)
}

/// The backup, and whether it can be trusted.
fn backup(page: &mut Page, cofferdam: &Cofferdam) -> Result<()> {
    page.step("Back the database up");
    command(page, cofferdam, &["backup", "production", "--database", DATABASE])?;
    page.say(&format!("the repository takes {} on disk", megabytes(size(&cofferdam.folder().join("repository"))?)));
    page.step("What is there, and is every byte of it good?");
    command(page, cofferdam, &["backups", "list"])?;
    command(page, cofferdam, &["backups", "verify", "latest", "--read-data"])
}

/// Runs one command and shows it, what it printed, and how long it took.
fn command(page: &Page, cofferdam: &Cofferdam, arguments: &[&str]) -> Result<()> {
    page.command(&format!("cofferdam {}", arguments.join(" ")));
    let output = cofferdam.succeed(arguments, TIMEOUT)?;
    page.output(&output.stdout);
    page.output(&output.stderr);
    page.say(&format!("took {}", seconds(output.elapsed)));
    Ok(())
}

/// Does something that takes a while and says how long it took.
fn timed<T>(page: &Page, what: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let start = Instant::now();
    let done = work()?;
    page.say(&format!("{what} {}", seconds(start.elapsed())));
    Ok(done)
}
