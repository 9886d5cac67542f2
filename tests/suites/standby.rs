//! What stands between us and a primary: a standby as the source, and poolers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use cofferdam_tests::cofferdam::Cofferdam;
use cofferdam_tests::compare::Portrait;
use cofferdam_tests::failure::assert_fails;
use cofferdam_tests::servers::{Major, Options, Pgbouncer, Postgresql};

const MINUTES: Duration = Duration::from_secs(300);

/// A primary with a database, and the instance "primary".
fn scene(tables: &str) -> (Postgresql, Cofferdam) {
    let primary = Postgresql::start(Major::V15).unwrap();
    primary.create_database("shop").unwrap();
    primary.sql("shop", tables).unwrap();
    let mut cofferdam = Cofferdam::new().unwrap();
    cofferdam.add_instance("primary", &primary, "shop").unwrap();
    cofferdam.initialize().unwrap();
    (primary, cofferdam)
}

/// Waits until SQL says "t".
fn wait_for(server: &Postgresql, database: &str, sql: &str) {
    let since = Instant::now();
    while server.sql(database, sql).unwrap_or_default().trim() != "t" {
        assert!(since.elapsed() < Duration::from_secs(60), "it never came to {sql}");
        sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_standby_gives_everything_but_rows_of_unlogged_tables_and_says_so() {
    let (primary, mut cofferdam) = scene(
        "CREATE TABLE orders AS SELECT i AS id, md5(i::text) AS text FROM generate_series(1, 10000) AS i;
         CREATE INDEX ON orders (id); CREATE SEQUENCE numbers START 77; SELECT nextval('numbers');
         SELECT lo_from_bytea(4711, 'large'); CREATE UNLOGGED TABLE scratch AS SELECT 1 AS a",
    );
    let standby = primary.start_standby(&Options::new(Major::V15)).unwrap();
    cofferdam.add_instance("standby", &standby, "shop").unwrap();
    let check = cofferdam.succeed(&["instance", "check", "standby"], MINUTES).unwrap().stdout;
    assert!(check.contains("ALTER SYSTEM SET hot_standby_feedback = on"), "{check}");

    let told = cofferdam.succeed(&["backup", "standby", "--jobs", "3"], MINUTES).unwrap().stderr;
    assert!(told.contains("scratch") && told.contains("unlogged"), "{told}");
    let refused = cofferdam.run(&["restore", "standby@latest", "--to", "standby", "--database", "again"], MINUTES);
    let refused = refused.unwrap();
    assert!(!refused.status.success() && refused.stderr.contains("standby"), "{}", refused.stderr);

    cofferdam.succeed(&["restore", "standby@latest", "--to", "primary", "--database", "again"], MINUTES).unwrap();
    assert_eq!(primary.sql("again", "SELECT count(*) FROM scratch").unwrap(), "0\n");
    primary.sql("shop", "DELETE FROM scratch").unwrap();
    let differences =
        Portrait::take(&primary, "shop").unwrap().differences(&Portrait::take(&primary, "again").unwrap());
    assert_eq!(differences.unwrap(), Vec::<String>::new());
}

#[test]
fn what_a_standby_plays_back_ends_the_backup_and_the_settings_are_named() {
    let (primary, mut cofferdam) = scene(
        "CREATE TABLE slow AS SELECT i AS id, repeat(md5(i::text), 32000) AS text FROM generate_series(1, 1000) AS i",
    );
    let standby = primary.start_standby(&Options::new(Major::V15).set("max_standby_streaming_delay", "100ms")).unwrap();
    cofferdam.add_instance("standby", &standby, "shop").unwrap();
    let mut backup = cofferdam.command(&["backup", "standby"]);
    let backup = backup.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let copying = "SELECT count(*) > 0 FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%COPY%slow%'
        AND application_name LIKE 'cofferdam %'";
    wait_for(&standby, "postgres", copying);
    primary.sql("shop", "DELETE FROM slow WHERE id < 10").unwrap();
    primary.sql("shop", "VACUUM slow").unwrap();
    let output = backup.wait_with_output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{told}");
    for words in ["the standby ended the snapshot", "hot_standby_feedback", "max_standby_streaming_delay"] {
        assert!(told.contains(words), "{words} isn't in: {told}");
    }
    assert!(!cofferdam.succeed(&["backups", "list", "--json"], MINUTES).unwrap().stdout.contains("standby"));
}

#[test]
fn a_pooler_that_lends_sessions_is_refused_and_one_that_gives_them_away_is_not() {
    let (primary, mut cofferdam) = scene("CREATE TABLE orders AS SELECT generate_series(1, 100) AS id");
    cofferdam.succeed(&["backup", "primary"], MINUTES).unwrap();
    let lending = ["transaction", "statement"].map(|mode| (mode, Pgbouncer::start(&primary, mode).unwrap()));
    for (mode, pooler) in &lending {
        cofferdam.add_instance_at(mode, &pooler.url("shop"), primary.password()).unwrap();
        for arguments in [
            &["backup", mode][..],
            &["instance", "check", mode],
            &["restore", "primary@latest", "--to", mode, "--database", "again"],
        ] {
            let refused = cofferdam.run(arguments, MINUTES).unwrap();
            assert_fails(&refused, 1, &["pooler", "the server's own address"]);
        }
    }
    assert_eq!(primary.sql("postgres", "SELECT count(*) FROM pg_database WHERE datname ~ 'again'").unwrap(), "0\n");

    let giving = Pgbouncer::start(&primary, "session").unwrap();
    cofferdam.add_instance_at("session", &giving.url("shop"), primary.password()).unwrap();
    cofferdam.succeed(&["backup", "session"], MINUTES).unwrap();
    cofferdam.succeed(&["restore", "session@latest", "--to", "primary", "--database", "again"], MINUTES).unwrap();
    assert_eq!(primary.sql("again", "SELECT count(*) FROM orders").unwrap(), "100\n");
}
