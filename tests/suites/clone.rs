//! Clones: by the server itself where nobody uses the source, piped where somebody does or where there are two servers; and
//! neutral ones.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use cofferdam_tests::cofferdam::Cofferdam;
use cofferdam_tests::compare::Portrait;
use cofferdam_tests::servers::{Major, Postgresql, SUPERUSER};

const MINUTES: Duration = Duration::from_secs(300);

/// What acts on something else, or by itself. Of pg_cron there is only what the copy of a database would have of it: its
/// row in the catalogue, and its table.
const ACTING: &str = "
    CREATE FUNCTION shout() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'done'; END $$;
    CREATE EVENT TRIGGER loud ON ddl_command_end EXECUTE FUNCTION shout();
    CREATE EVENT TRIGGER quiet ON ddl_command_end EXECUTE FUNCTION shout();
    ALTER EVENT TRIGGER quiet DISABLE;
    CREATE FOREIGN DATA WRAPPER far;
    CREATE SERVER production FOREIGN DATA WRAPPER far;
    CREATE USER MAPPING FOR PUBLIC SERVER production OPTIONS (password 'rosebud');
    CREATE USER MAPPING FOR CURRENT_USER SERVER production OPTIONS (password 'rosebud');
    CREATE TABLE kept AS SELECT 1 AS value;
";
const JOBS: &str = "
    CREATE SCHEMA cron;
    CREATE TABLE cron.job (jobid bigint, schedule text, active boolean);
    INSERT INTO cron.job VALUES (1, 'each minute', true), (2, 'never', false);
    INSERT INTO pg_extension VALUES (99999, 'pg_cron', 10, 11, false, '1.6', NULL, NULL);
";
const STATE: &str = "
    SELECT 'trigger', evtname, evtenabled::text FROM pg_event_trigger
    UNION ALL SELECT 'mapping', srvname, usename::text FROM pg_user_mappings
    UNION ALL SELECT 'value', value::text, '' FROM kept
    ORDER BY 1, 2, 3";

/// What belongs to no server's copy of a database, but to the database itself.
const OWN: &str = "
    CREATE ROLE shopkeeper; CREATE ROLE clerk;
    ALTER DATABASE shop SET work_mem = '5MB';
    ALTER DATABASE shop CONNECTION LIMIT 50;
    COMMENT ON DATABASE shop IS 'open''s';
    REVOKE TEMPORARY ON DATABASE shop FROM PUBLIC;
    GRANT CREATE ON DATABASE shop TO clerk;
    ALTER DATABASE shop OWNER TO shopkeeper";
const ITS_OWN: &str = "
    SELECT pg_get_userbyid(datdba), datconnlimit, datacl, shobj_description(oid, 'pg_database')
    FROM pg_database WHERE datname = current_database()";
const DROP_SUBSCRIPTIONS: &str = r#"
    DO $$ DECLARE name text; BEGIN
        FOR name IN SELECT subname FROM pg_subscription LOOP
            EXECUTE format('ALTER SUBSCRIPTION %I SET (slot_name = NONE)', name);
            EXECUTE format('DROP SUBSCRIPTION %I', name);
        END LOOP;
    END $$"#;

fn shop(server: &Postgresql) -> Cofferdam {
    server.create_database("shop").unwrap();
    let mut cofferdam = Cofferdam::new().unwrap();
    cofferdam.add_instance("shop", server, "shop").unwrap();
    cofferdam
}

fn same(server: &Postgresql, one: &str, other: (&Postgresql, &str)) {
    let (one, other) = (Portrait::take(server, one).unwrap(), Portrait::take(other.0, other.1).unwrap());
    assert!(one.relations() > 0, "an empty database proves nothing");
    assert_eq!(one.differences(&other).unwrap(), Vec::<String>::new());
}

#[test]
fn a_database_that_nobody_uses_is_copied_by_its_server_with_its_settings() {
    for major in [Major::V13, Major::V15, Major::V18] {
        let server = Postgresql::start(major).unwrap();
        let mut cofferdam = shop(&server);
        let objects = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/databases/objects.sql"));
        if major == Major::V13 {
            server.sql("shop", ACTING).unwrap();
        } else {
            server.run("shop", objects, &[]).unwrap();
        }
        // Whoever has one of these is read and written.
        server.sql("shop", DROP_SUBSCRIPTIONS).unwrap();
        server.sql("shop", "DROP EVENT TRIGGER IF EXISTS at_login").unwrap();
        server.sql("shop", OWN).unwrap();
        // The same server by another name, and another role's connection.
        let url = format!("postgresql://{SUPERUSER}@localhost:{}/postgres", server.port());
        cofferdam.add_instance_at("again", &url, server.password()).unwrap();
        let output = cofferdam.succeed(&["clone", "shop", "again", "--as", "it's a \"copy\""], MINUTES).unwrap();
        assert!(output.stderr.contains("copied by the server"), "{}", output.stderr);
        if major != Major::V13 {
            same(&server, "shop", (&server, "it's a \"copy\""));
        }
        assert_eq!(server.sql("it's a \"copy\"", ITS_OWN).unwrap(), server.sql("shop", ITS_OWN).unwrap());
        assert_eq!(server.sql("it's a \"copy\"", "SHOW work_mem").unwrap(), "5MB\n");
    }
}

#[test]
fn a_database_that_somebody_uses_is_read_and_written_instead_and_that_is_told() {
    let server = Postgresql::start(Major::V15).unwrap();
    let cofferdam = shop(&server);
    server.sql("shop", "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS value").unwrap();
    let mut user = server.client("psql", "shop").unwrap();
    let mut user = user.args(["-X", "-c", "SELECT pg_sleep(600)"]).stdout(Stdio::null()).spawn().unwrap();
    let since = Instant::now();
    while server.sql("postgres", "SELECT count(*) FROM pg_stat_activity WHERE datname = 'shop'").unwrap() == "0\n" {
        assert!(since.elapsed() < MINUTES);
        thread::sleep(Duration::from_millis(20));
    }
    let output = cofferdam.succeed(&["clone", "shop", "shop", "--as", "copy"], MINUTES).unwrap();
    assert!(output.stderr.contains("in use, by 1 sessions"), "{}", output.stderr);
    assert!(user.try_wait().unwrap().is_none(), "the user's session was ended");
    user.kill().unwrap();
    user.wait().unwrap();
    same(&server, "shop", (&server, "copy"));
}

#[test]
fn a_database_with_subscriptions_is_read_and_written_instead_and_keeps_them() {
    let server = Postgresql::start(Major::V15).unwrap();
    let cofferdam = shop(&server);
    let subscription = "CREATE TABLE kept AS SELECT 1 AS value;
        CREATE SUBSCRIPTION orders CONNECTION 'host=192.0.2.1' PUBLICATION orders WITH (connect = false)";
    server.sql("shop", subscription).unwrap();
    let output = cofferdam.succeed(&["clone", "shop", "shop", "--as", "copy"], MINUTES).unwrap();
    assert!(output.stderr.contains("without its subscriptions"), "{}", output.stderr);
    same(&server, "shop", (&server, "copy"));
}

#[test]
fn a_copy_by_the_server_never_touches_a_database_that_is_there() {
    let server = Postgresql::start(Major::V15).unwrap();
    let cofferdam = shop(&server);
    server.sql("shop", "CREATE TABLE kept AS SELECT 1 AS value").unwrap();
    server.create_database("taken").unwrap();
    server.sql("taken", "CREATE TABLE precious AS SELECT 2 AS value").unwrap();
    for name in ["taken", "shop"] {
        let output = cofferdam.run(&["clone", "shop", "shop", "--as", name], MINUTES).unwrap();
        assert!(!output.status.success(), "{}", output.stderr);
    }
    assert_eq!(server.sql("taken", "SELECT value FROM precious").unwrap(), "2\n");
    assert_eq!(server.sql("shop", "SELECT value FROM kept").unwrap(), "1\n");
    assert_eq!(databases_of_ours(&server), "0\n");
}

#[test]
fn a_neutral_copy_acts_on_nothing_whichever_way_it_was_made() {
    let (server, other) = (Postgresql::start(Major::V15).unwrap(), Postgresql::start(Major::V15).unwrap());
    let mut cofferdam = shop(&server);
    cofferdam.add_instance("other", &other, "postgres").unwrap();
    cofferdam.initialize().unwrap();
    server.sql("shop", ACTING).unwrap();
    cofferdam.succeed(&["backup", "shop"], MINUTES).unwrap();
    let restore = ["restore", "latest", "--to", "shop", "--database", "restored", "--neutral", "--json"];
    let outputs = [
        (
            cofferdam.succeed(&["clone", "shop", "other", "--as", "piped", "--neutral", "--json"], MINUTES),
            &other,
            "piped",
        ),
        (cofferdam.succeed(&restore, MINUTES), &server, "restored"),
        (
            cofferdam.succeed(&["clone", "shop", "shop", "--as", "copied", "--neutral", "--json"], MINUTES),
            &server,
            "copied",
        ),
    ];
    for (output, at, database) in outputs {
        let told = output.unwrap().stdout;
        assert!(told.contains("EVENT TRIGGER loud") && told.contains("SERVER production"), "{told}");
        let state = at.sql(database, STATE).unwrap();
        assert_eq!(state, "trigger|loud|D\ntrigger|quiet|D\nvalue|1|\n", "{database}");
    }
    let before = server.sql("shop", STATE).unwrap();
    assert!(before.contains("trigger|loud|O") && before.contains("mapping|production|"), "{before}");
}

#[test]
fn a_neutral_copy_runs_no_jobs() {
    let server = Postgresql::start_with(
        &cofferdam_tests::servers::Options::new(Major::V15).set("allow_system_table_mods", "on"),
    );
    let server = server.unwrap();
    let cofferdam = shop(&server);
    server.sql("shop", JOBS).unwrap();
    cofferdam.succeed(&["clone", "shop", "shop", "--as", "copy"], MINUTES).unwrap();
    cofferdam.succeed(&["clone", "shop", "shop", "--as", "neutral", "--neutral"], MINUTES).unwrap();
    let active = "SELECT jobid FROM cron.job WHERE active";
    assert_eq!(server.sql("copy", active).unwrap(), "1\n");
    assert_eq!(server.sql("neutral", active).unwrap(), "");
    assert_eq!(server.sql("shop", active).unwrap(), "1\n");
}

#[test]
fn a_copy_that_is_killed_is_never_seen_and_cleaned_up() {
    let server = Postgresql::start(Major::V15).unwrap();
    let cofferdam = shop(&server);
    server
        .sql("shop", "CREATE TABLE kept AS SELECT i, repeat(md5(i::text), 8) FROM generate_series(1, 400000) AS i")
        .unwrap();
    let whole = cofferdam.succeed(&["clone", "shop", "shop", "--as", "whole"], MINUTES).unwrap();
    assert!(whole.stderr.contains("copied by the server"), "{}", whole.stderr);
    for quarter in 1..4 {
        let mut child: Command = cofferdam.command(&["clone", "shop", "shop", "--as", "half", "--json"]);
        let mut child = child.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        thread::sleep(whole.elapsed * quarter / 4);
        let seen = server.sql("postgres", "SELECT count(*) FROM pg_database WHERE datname = 'half'").unwrap();
        let done = child.try_wait().unwrap().is_some();
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(done || seen == "0\n", "half a database was there under its name");
        let mut told = String::new();
        child.stderr.take().unwrap().read_to_string(&mut told).unwrap();
        if let Some(operation) = told.split("\"id\":\"").nth(1).and_then(|rest| rest.split('"').next()) {
            cofferdam.succeed(&["cleanup", operation, "--instance", "shop"], MINUTES).unwrap();
        }
        assert_eq!(databases_of_ours(&server), "0\n");
        server.sql("postgres", "DROP DATABASE IF EXISTS half").unwrap();
    }
    assert_eq!(server.sql("shop", "SELECT count(*) FROM kept").unwrap(), "400000\n");
}

fn databases_of_ours(server: &Postgresql) -> String {
    server.sql("postgres", "SELECT count(*) FROM pg_database WHERE datname LIKE '%cofferdam%'").unwrap()
}
