//! The main path on a real server: back up, list, verify, restore, clone; compared by tools that aren't ours.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use std::path::Path;
use std::time::Duration;

use cofferdam_tests::cofferdam::Cofferdam;
use cofferdam_tests::compare::assert_same;
use cofferdam_tests::servers::{Major, Postgresql};

const MINUTES: Duration = Duration::from_secs(300);

/// A database with every kind of object that is carried, odd names and odd values.
fn objects() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/databases/objects.sql"))
}

/// Backs up, verifies and restores on one server of this major, and clones to a second one.
fn there_and_back(major: Major) {
    let source = Postgresql::start(major).unwrap();
    let other = Postgresql::start(major).unwrap();
    source.create_database("shop").unwrap();
    source.run("shop", objects(), &[]).unwrap();
    // Roles and tablespaces belong to a server, not to a database.
    for role in ["\"golden owner\"", "golden_reader", "golden_writer"] {
        other.sql("postgres", &format!("CREATE ROLE {role}")).unwrap();
    }
    let tablespace = "SET allow_in_place_tablespaces = on; CREATE TABLESPACE \"golden space\" LOCATION ''";
    other.sql("postgres", tablespace).unwrap();
    let mut cofferdam = Cofferdam::new().unwrap();
    cofferdam.add_instance("source", &source, "shop").unwrap();
    cofferdam.add_instance("other", &other, "postgres").unwrap();
    cofferdam.initialize().unwrap();

    let id = cofferdam.succeed(&["backup", "source"], MINUTES).unwrap().stdout.trim().to_owned();
    let listed = cofferdam.succeed(&["backups", "list"], MINUTES).unwrap().stdout;
    assert!(listed.contains(&id), "{id} isn't listed:\n{listed}");
    cofferdam.succeed(&["backups", "verify", &id, "--read-data"], MINUTES).unwrap();
    cofferdam.succeed(&["restore", &id, "--to", "source", "--database", "restored"], MINUTES).unwrap();
    assert_same((&source, "shop"), (&source, "restored"));
    cofferdam.succeed(&["clone", "source", "other", "--as", "cloned"], MINUTES).unwrap();
    assert_same((&source, "shop"), (&other, "cloned"));
}

#[test]
fn a_database_comes_back_whole_on_13() {
    there_and_back(Major::V13);
}

#[test]
fn a_database_comes_back_whole_on_15() {
    there_and_back(Major::V15);
}

#[test]
fn a_database_comes_back_whole_on_17() {
    there_and_back(Major::V17);
}

#[test]
fn a_database_comes_back_whole_on_18() {
    there_and_back(Major::V18);
}

#[test]
fn an_empty_database_that_is_there_is_filled() {
    let server = Postgresql::start(Major::V15).unwrap();
    server.create_database("shop").unwrap();
    server.run("shop", objects(), &[]).unwrap();
    server.create_database("empty").unwrap();
    let mut cofferdam = Cofferdam::new().unwrap();
    cofferdam.add_instance("source", &server, "shop").unwrap();
    cofferdam.initialize().unwrap();
    cofferdam.succeed(&["backup", "source"], MINUTES).unwrap();
    cofferdam.succeed(&["restore", "source@latest", "--to", "source", "--database", "empty"], MINUTES).unwrap();
    assert_same((&server, "shop"), (&server, "empty"));
}

#[test]
fn a_database_with_tables_in_it_is_refused_and_stays_as_it_is() {
    let server = Postgresql::start(Major::V15).unwrap();
    server.create_database("shop").unwrap();
    server.sql("shop", "CREATE TABLE precious AS SELECT 1 AS value").unwrap();
    let mut cofferdam = Cofferdam::new().unwrap();
    cofferdam.add_instance("source", &server, "shop").unwrap();
    cofferdam.initialize().unwrap();
    cofferdam.succeed(&["backup", "source"], MINUTES).unwrap();
    server.sql("shop", "UPDATE precious SET value = 2").unwrap();
    let refused =
        cofferdam.run(&["restore", "source@latest", "--to", "source", "--database", "shop"], MINUTES).unwrap();
    assert!(!refused.status.success());
    assert!(refused.stderr.contains("hint: "), "{}", refused.stderr);
    assert_eq!(server.sql("shop", "SELECT value FROM precious").unwrap(), "2\n");
    let databases =
        server.sql("postgres", "SELECT count(*) FROM pg_database WHERE datname LIKE '%cofferdam%'").unwrap();
    assert_eq!(databases, "0\n", "something was left behind");
}

#[test]
fn the_planners_statistics_are_gathered_unless_that_is_switched_off() {
    let server = Postgresql::start(Major::V15).unwrap();
    server.create_database("shop").unwrap();
    server.sql("shop", "CREATE TABLE t AS SELECT generate_series(1, 1000) AS id; CREATE INDEX ON t (id)").unwrap();
    let mut cofferdam = Cofferdam::new().unwrap();
    cofferdam.add_instance("source", &server, "shop").unwrap();
    cofferdam.initialize().unwrap();
    cofferdam.succeed(&["backup", "source"], MINUTES).unwrap();
    for (setting, gathered) in [("analyze=on", "1\n"), ("analyze=off", "0\n")] {
        let restore = ["restore", "latest", "--to", "source", "--database", setting, "--set", setting];
        cofferdam.succeed(&restore, MINUTES).unwrap();
        let statistics = server.sql(setting, "SELECT count(*) FROM pg_stats WHERE tablename = 't'").unwrap();
        assert_eq!(statistics, gathered, "{setting}");
        assert_eq!(server.sql(setting, "SELECT count(*) FROM pg_indexes WHERE tablename = 't'").unwrap(), "1\n");
    }
    let restore = ["restore", "latest", "--to", "source", "--database", "x", "--set", "analyze=perhaps"];
    let refused = cofferdam.run(&restore, MINUTES).unwrap();
    assert!(!refused.status.success() && refused.stderr.contains("analyze must be on or off"), "{}", refused.stderr);
}

#[test]
fn an_index_that_can_not_be_made_is_named_and_nothing_stays_behind() {
    let server = Postgresql::start(Major::V15).unwrap();
    server.create_database("shop").unwrap();
    let fussy = "CREATE FUNCTION only_here(value int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN
            IF current_database() <> 'shop' THEN RAISE EXCEPTION 'not in this house'; END IF;
            RETURN value;
        END $$;
        CREATE TABLE t AS SELECT generate_series(1, 10) AS id;
        CREATE INDEX plain ON t (id);
        CREATE INDEX fussy ON t (only_here(id))";
    server.sql("shop", fussy).unwrap();
    let mut cofferdam = Cofferdam::new().unwrap();
    cofferdam.add_instance("source", &server, "shop").unwrap();
    cofferdam.initialize().unwrap();
    cofferdam.succeed(&["backup", "source"], MINUTES).unwrap();
    let failed = cofferdam.run(&["restore", "latest", "--to", "source", "--database", "other"], MINUTES).unwrap();
    assert!(!failed.status.success());
    assert!(failed.stderr.contains("fussy") && failed.stderr.contains("not in this house"), "{}", failed.stderr);
    let left = "SELECT count(*) FROM pg_database WHERE datname LIKE 'other%'";
    assert_eq!(server.sql("postgres", left).unwrap(), "0\n");
}
