//! The demo's servers, and the database that looks like life.

use std::env;
use std::path::Path;

use cofferdam_tests::error::Result;
use cofferdam_tests::servers::{Major, Options, Postgresql};

/// The database's name.
pub const DATABASE: &str = "shop";

/// What is in the database, for the page.
const SUMMARY: &str = include_str!("summary.sql");

/// Starts a server of its own: Debian's PostgreSQL 15 where it is, else 17. Durable, as a real one is.
pub fn start() -> Result<Postgresql> {
    let major = if Major::V15.is_installed() { Major::V15 } else { Major::V17 };
    let server = Postgresql::start_with(&Options { fsync: true, ..Options::new(major) })?;
    run(&server, "postgres", "roles.sql", "1")?;
    Ok(server)
}

/// Loads the database; `scale` 1 is about 400 MB.
pub fn load(server: &Postgresql, scale: &str) -> Result<()> {
    server.create_database(DATABASE)?;
    ["schema.sql", "tenants.sql", "data.sql"].into_iter().try_for_each(|file| run(server, DATABASE, file, scale))
}

/// What is in it, in a few lines.
pub fn summary(server: &Postgresql) -> Result<String> {
    server.sql(DATABASE, SUMMARY)
}

/// `DEMO_SCALE`, a whole number of at least 1.
pub fn scale() -> Result<String> {
    let scale = env::var("DEMO_SCALE").unwrap_or_else(|_| "1".into());
    match scale.parse::<u32>() {
        Ok(1..) => Ok(scale),
        _ => Err(format!("DEMO_SCALE must be a whole number of at least 1, it is {scale:?}").into()),
    }
}

fn run(server: &Postgresql, database: &str, file: &str, scale: &str) -> Result<()> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("demo").join(file);
    server.run(database, &path, &[("scale", scale)])?;
    Ok(())
}
