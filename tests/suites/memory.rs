//! Memory is bounded whatever the database's size: the system's limit kills whoever asks for more.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::process::Stdio;
use std::time::Duration;

use cofferdam_tests::cofferdam::Cofferdam;
use cofferdam_tests::command::run;
use cofferdam_tests::memory_limit::MemoryLimit;
use cofferdam_tests::servers::{Major, Postgresql};

const LIMIT: u64 = 100 << 20;
const PATIENCE: Duration = Duration::from_secs(900);

/// Backs up, restores and clones under the limit; `digest` is asked of the source and of both copies.
fn within_the_limit(tables: &[&str], digest: &str) {
    let server = Postgresql::start(Major::V15).unwrap();
    server.create_database("large").unwrap();
    std::thread::scope(|scope| {
        for sql in tables {
            scope.spawn(|| server.sql("large", sql).unwrap());
        }
    });
    let mut cofferdam = Cofferdam::new().unwrap();
    cofferdam.add_instance("large", &server, "large").unwrap();
    cofferdam.initialize().unwrap();
    // Compiling the plugin is done once for each version of it, and not what this is about.
    cofferdam.succeed(&["instance", "check", "large"], PATIENCE).unwrap();
    // While somebody is connected, a clone is read and written and not copied by the server.
    let mut user = server.client("psql", "large").unwrap();
    let mut user = user.args(["-X", "-c", "SELECT pg_sleep(3600)"]).stdout(Stdio::null()).spawn().unwrap();
    let limit = MemoryLimit::new(LIMIT);
    let commands: [&[&str]; 3] = [
        &["backup", "large", "--jobs", "4"],
        &["restore", "latest", "--to", "large", "--database", "restored", "--jobs", "4"],
        &["clone", "large", "large", "--as", "cloned", "--jobs", "4"],
    ];
    for arguments in commands {
        let output = run(&mut limit.around(&cofferdam.command(arguments)).unwrap(), PATIENCE).unwrap();
        assert!(output.status.success(), "{arguments:?}: {:?}\n{}", output.status, output.stderr);
        println!("{arguments:?}: {:.1} s", output.elapsed.as_secs_f64());
    }
    user.kill().unwrap();
    user.wait().unwrap();
    let expected = server.sql("large", digest).unwrap();
    for copy in ["restored", "cloned"] {
        assert_eq!(server.sql(copy, digest).unwrap(), expected, "{copy}");
    }
}

#[test]
fn two_gigabytes_with_four_workers() {
    let table = |n: u32| {
        format!(
            "CREATE TABLE t{n} AS SELECT i, md5(i::text) AS a, repeat(md5((i + {n})::text), 12) AS b
             FROM generate_series(1, 1200000) i"
        )
    };
    let tables: Vec<String> = (0..4).map(table).collect();
    let tables: Vec<&str> = tables.iter().map(String::as_str).collect();
    let digest = "SELECT count(*), sum(hashtextextended(t::text, 0)) FROM (TABLE t0 UNION ALL TABLE t1 UNION ALL
                  TABLE t2 UNION ALL TABLE t3) t";
    within_the_limit(&tables, digest);
}

#[test]
fn four_values_of_400_megabytes() {
    let table = |n: u32| format!("CREATE TABLE v{n} AS SELECT {n} AS id, repeat(md5('{n}'), 12500000) AS value");
    let tables: Vec<String> = (0..4).map(table).collect();
    let tables: Vec<&str> = tables.iter().map(String::as_str).collect();
    let digest = "SELECT id, length(value), md5(value) FROM (TABLE v0 UNION ALL TABLE v1 UNION ALL
                  TABLE v2 UNION ALL TABLE v3) v ORDER BY id";
    within_the_limit(&tables, digest);
}
