//! PostgreSQL as a source: large tables and large objects in parts, those who wait for us, and bytes without an encoding.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use cofferdam_tests::cofferdam::Cofferdam;
use cofferdam_tests::command::Output;
use cofferdam_tests::compare::Portrait;
use cofferdam_tests::failure::assert_fails;
use cofferdam_tests::servers::{Major, Options, Postgresql};

const MINUTES: Duration = Duration::from_secs(300);
const FAILED: i32 = 1;

struct Scene {
    server: Postgresql,
    cofferdam: Cofferdam,
}

impl Scene {
    fn new(options: &Options, tables: &str) -> Self {
        let server = Postgresql::start_with(options).unwrap();
        server.create_database("shop").unwrap();
        server.sql("shop", tables).unwrap();
        let mut cofferdam = Cofferdam::new().unwrap();
        cofferdam.add_instance("shop", &server, "shop").unwrap();
        cofferdam.initialize().unwrap();
        Self { server, cofferdam }
    }

    fn succeed(&self, arguments: &[&str]) -> Output {
        self.cofferdam.succeed(arguments, MINUTES).unwrap()
    }

    fn restore(&self) {
        self.succeed(&["restore", "shop@latest", "--to", "shop", "--database", "again"]);
    }

    /// Runs SQL beside us, and lets it wait as long as it has to.
    fn beside(&self, sql: &str) -> Child {
        let mut psql = self.server.client("psql", "shop").unwrap();
        psql.args(["-X", "-q", "-c", sql]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        psql.spawn().unwrap()
    }

    fn start(&self, arguments: &[&str]) -> Child {
        let mut command = self.cofferdam.command(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Waits until a worker reads a table.
    fn wait_for_copy(&self, table: &str) {
        let query = format!(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'cofferdam %' AND state = 'active'
             AND query LIKE '%COPY%{table}%'"
        );
        let since = Instant::now();
        while self.server.sql("postgres", &query).unwrap() == "0\n" {
            assert!(since.elapsed() < Duration::from_secs(60), "nobody reads {table}");
            sleep(Duration::from_millis(20));
        }
    }
}

fn output(child: Child) -> Output {
    let since = Instant::now();
    let done = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Output { status: done.status, stdout: text(done.stdout), stderr: text(done.stderr), elapsed: since.elapsed() }
}

/// Small on the server and 1 GB on the way, so that somebody has time to wait for it.
const SLOW: &str =
    "CREATE TABLE slow AS SELECT i AS id, repeat(md5(i::text), 32000) AS text FROM generate_series(1, 1000) i;
    CREATE TABLE other (a int)";

/// Five times as much once more, for a backup that is to be ended before it is through.
const SLOWER: &str = "INSERT INTO slow SELECT slow.* FROM slow, generate_series(1, 5)";

#[test]
fn who_waits_for_a_lock_is_told_of_and_ends_the_backup_where_that_is_asked_for() {
    let scene = Scene::new(&Options::new(Major::V15), &format!("{SLOW}; {SLOWER}"));
    let child = scene.start(&["backup", "shop", "--max-blocking", "2s"]);
    scene.wait_for_copy("slow");
    let mut altering = scene.beside("ALTER TABLE other ADD COLUMN b int");
    assert_fails(&output(child), FAILED, &["process", "waits for a lock on \"public\".\"other\"", "--max-blocking"]);
    assert!(altering.wait().unwrap().success());
    assert!(!scene.succeed(&["backups", "list", "--json"]).stdout.contains("shop"), "a backup is listed");
}

#[test]
fn a_snapshot_that_gets_too_old_ends_the_backup() {
    let scene = Scene::new(&Options::new(Major::V15), &format!("{SLOW}; {SLOWER}"));
    let child = scene.start(&["backup", "shop", "--max-snapshot-age", "1s"]);
    assert_fails(&output(child), FAILED, &["snapshot is 1 s old", "--max-snapshot-age"]);
    assert!(!scene.succeed(&["backups", "list", "--json"]).stdout.contains("shop"), "a backup is listed");
}

#[test]
fn what_becomes_of_the_catalogue_meanwhile_is_told() {
    let scene = Scene::new(&Options::new(Major::V15), SLOW);
    let child = scene.start(&["backup", "shop"]);
    scene.wait_for_copy("slow");
    scene
        .server
        .sql("shop", "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; GRANT SELECT ON other TO PUBLIC")
        .unwrap();
    let output = output(child);
    assert!(output.status.success(), "{}", output.stderr);
    for object in ["FUNCTION \"public\".\"f\"", "RELATION \"public\".\"other\""] {
        assert!(output.stderr.contains(object), "{object} isn't told of:\n{}", output.stderr);
    }
    assert!(!output.stderr.contains("slow\": somebody"), "{}", output.stderr);
}

/// The table was never analysed, its rows are of all sizes, some are dead, and there is one behind a hole.
#[test]
fn a_table_in_parts_comes_back_whole() {
    for major in [Major::V13, Major::V15, Major::V18] {
        let scene = Scene::new(
            &Options::new(major).set("autovacuum", "off"),
            "CREATE TABLE large (id int PRIMARY KEY, text text);
             INSERT INTO large SELECT i, repeat(md5(i::text), i % 50) FROM generate_series(1, 40000) i;
             DELETE FROM large WHERE id BETWEEN 10000 AND 20000;
             UPDATE large SET text = text || 'x' WHERE id % 7 = 0;
             CREATE TABLE small AS SELECT 1 AS a; CREATE TABLE keyless AS TABLE large; INSERT INTO keyless TABLE large",
        );
        let before = Portrait::take(&scene.server, "shop").unwrap();
        scene.succeed(&["backup", "shop", "--set", "split-size=1MB"]);
        let shown = scene.succeed(&["backups", "show", "shop@latest", "--json"]).stdout;
        assert_eq!(shown.contains("data/public.large/2"), major != Major::V13, "{shown}");
        assert!(!shown.contains("data/public.small/"), "{shown}");
        scene.restore();
        let after = Portrait::take(&scene.server, "again").unwrap();
        assert_eq!(before.differences(&after).unwrap(), Vec::<String>::new());
    }
}

#[test]
fn a_size_that_is_none_is_refused() {
    let scene = Scene::new(&Options::new(Major::V15), "CREATE TABLE t (a int)");
    let output = scene.cofferdam.run(&["backup", "shop", "--set", "split-size=large"], MINUTES).unwrap();
    assert_fails(&output, 2, &["split-size=large isn't a size", "256MB"]);
}

#[test]
fn many_tables_and_large_objects_come_back_whole() {
    let scene = Scene::new(
        &Options::new(Major::V15),
        "CREATE ROLE reader;
         SELECT format('CREATE TABLE t%s AS SELECT %s AS a', i, i) FROM generate_series(1, 2000) i \\gexec
         SELECT count(lo_from_bytea(0, decode(repeat(md5(i::text), i % 5), 'hex'))) FROM generate_series(1, 20000) i;
         SELECT lo_put(lo_create(7), 1000000, 'behind a hole');
         SELECT lo_from_bytea(8, decode(repeat(md5('8'), 100000), 'hex'));
         COMMENT ON LARGE OBJECT 7 IS 'seven';
         GRANT SELECT ON LARGE OBJECT 8 TO reader;",
    );
    let objects =
        "SELECT count(*), sum(hashtextextended(l.oid || md5(lo_get(l.oid)) || coalesce(l.lomacl::text, ''), 0)),
        min(obj_description(7, 'pg_largeobject')) FROM pg_largeobject_metadata AS l";
    scene.succeed(&["backup", "shop"]);
    scene.restore();
    let copy = scene.server.sql("again", objects).unwrap();
    assert_eq!(scene.server.sql("shop", objects).unwrap(), copy);
    assert!(copy.starts_with("20002|"), "{copy}");
    let tables = "SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relname ~ '^t[0-9]+$'";
    assert_eq!(scene.server.sql("again", tables).unwrap(), "2000\n");
    let sum =
        "SELECT sum((xpath('/row/a/text()', query_to_xml('SELECT a FROM ' || relname, false, true, '')))[1]::text::int)
        FROM pg_class WHERE relkind = 'r' AND relname ~ '^t[0-9]+$'";
    assert_eq!(scene.server.sql("again", sum).unwrap(), "2001000\n");
}

#[test]
fn more_tables_than_the_server_has_locks_for_are_refused_before_one_is_locked() {
    let options = Options::new(Major::V15).set("max_locks_per_transaction", "10").set("max_connections", "20");
    let tables = "SELECT format('CREATE TABLE t%s (a int)', i) FROM generate_series(1, 1000) i \\gexec";
    let scene = Scene::new(&options, tables);
    let backup = scene.cofferdam.run(&["backup", "shop"], MINUTES).unwrap();
    assert_fails(&backup, FAILED, &["1000 tables", "max_locks_per_transaction"]);
    let check = scene.cofferdam.run(&["instance", "check", "shop"], MINUTES).unwrap();
    assert!(
        !check.status.success() && check.stdout.contains("ALTER SYSTEM SET max_locks_per_transaction"),
        "{}",
        check.stdout
    );
}

/// Names and values in Latin-1, which is no UTF-8, and in UTF-8.
#[test]
fn a_database_without_an_encoding_comes_back_byte_for_byte() {
    let server = Postgresql::start(Major::V15).unwrap();
    server
        .sql("postgres", "CREATE DATABASE bytes TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'")
        .unwrap();
    server
        .sql(
            "bytes",
            r#"SET client_encoding = 'SQL_ASCII'; SET standard_conforming_strings = on;
            DO $do$ BEGIN
                EXECUTE format('CREATE TABLE %I (%I text)', convert_from('\x6772f6df65'::bytea, 'SQL_ASCII'),
                    convert_from('\xe9'::bytea, 'SQL_ASCII'));
                EXECUTE format('INSERT INTO %I VALUES (%L), (%L)', convert_from('\x6772f6df65'::bytea, 'SQL_ASCII'),
                    convert_from('\x61ff0a80'::bytea, 'SQL_ASCII'), convert_from('\xc3a9'::bytea, 'SQL_ASCII'));
                EXECUTE format('COMMENT ON TABLE %I IS %L', convert_from('\x6772f6df65'::bytea, 'SQL_ASCII'),
                    convert_from('\xa427'::bytea, 'SQL_ASCII'));
            END $do$"#,
        )
        .unwrap();
    let mut cofferdam = Cofferdam::new().unwrap();
    cofferdam.add_instance("bytes", &server, "bytes").unwrap();
    cofferdam.initialize().unwrap();
    cofferdam.succeed(&["instance", "check", "bytes"], MINUTES).unwrap();
    cofferdam.succeed(&["backup", "bytes"], MINUTES).unwrap();
    cofferdam.succeed(&["restore", "bytes@latest", "--to", "bytes", "--database", "again"], MINUTES).unwrap();
    let all = "SELECT encode(c.relname::text::bytea, 'hex'), encode(a.attname::text::bytea, 'hex'),
            encode(obj_description(c.oid)::bytea, 'hex'),
            encode(query_to_xml(format('SELECT encode(convert_to(%I, ''SQL_ASCII''), ''hex'') AS v FROM %I', a.attname, c.relname),
                false, true, '')::text::bytea, 'hex')
        FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = 1
        WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace";
    let before = server.sql("bytes", all).unwrap();
    assert!(before.contains("6772f6df65|e9|a427|"), "{before}");
    assert_eq!(server.sql("again", all).unwrap(), before);
}
