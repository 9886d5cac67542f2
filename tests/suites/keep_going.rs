//! `--keep-going`: what the server refuses is told one by one, and everything else is there.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::Duration;

use cofferdam_tests::cofferdam::Cofferdam;
use cofferdam_tests::command::Output;
use cofferdam_tests::compare::Portrait;
use cofferdam_tests::servers::{Major, Postgresql};
use serde_json::Value;

const MINUTES: Duration = Duration::from_secs(300);
/// Part of the interface.
const PARTIAL: i32 = 7;

/// What goes well, and enough of it for more than one part of a unit.
const WHOLE: &str = "
    CREATE SCHEMA app;
    CREATE TABLE app.customers (id int PRIMARY KEY, name text NOT NULL);
    CREATE TABLE app.orders (id int PRIMARY KEY, customer int, code int, total int);
    CREATE VIEW app.totals AS SELECT sum(total) AS total FROM app.orders;
    CREATE MATERIALIZED VIEW app.filled AS SELECT count(*) AS orders FROM app.orders;
    CREATE UNIQUE INDEX filled_once ON app.filled (orders);
    INSERT INTO app.customers SELECT i, 'customer ' || i FROM generate_series(1, 10) AS i;
    INSERT INTO app.orders SELECT i, 1 + i % 10, i, i FROM generate_series(1, 100) AS i;
    REFRESH MATERIALIZED VIEW app.filled;
    DO $$ BEGIN FOR i IN 1..600 LOOP
        EXECUTE format('CREATE FUNCTION app.f%s() RETURNS int LANGUAGE sql AS ''SELECT %s''', i, i);
    END LOOP; END $$;
";

/// What a server takes no second time: the catalogue says of each that it holds or is there, and it doesn't or isn't.
const BROKEN: &str = "
    ALTER TABLE app.orders ADD CONSTRAINT known FOREIGN KEY (customer) REFERENCES app.customers;
    ALTER TABLE app.orders DISABLE TRIGGER ALL;
    UPDATE app.orders SET customer = 4711 WHERE id = 50;
    ALTER TABLE app.orders ENABLE TRIGGER ALL;
    CREATE INDEX once ON app.orders (code);
    UPDATE app.orders SET code = 7 WHERE id = 8;
    UPDATE pg_index SET indisunique = true WHERE indexrelid = 'app.once'::regclass;
    CREATE TABLE app.checked (n int);
    INSERT INTO app.checked VALUES (1), (2), (-3);
    ALTER TABLE app.checked ADD CONSTRAINT positive CHECK (n > 0) NOT VALID;
    UPDATE pg_constraint SET convalidated = true WHERE conname = 'positive';
    CREATE FUNCTION app.f300a() RETURNS int LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_call_handler';
    UPDATE pg_proc SET probin = '$libdir/nowhere' WHERE proname = 'f300a';
    COMMENT ON FUNCTION app.f300a() IS 'in C';
    CREATE VIEW app.uses AS SELECT app.f300a() AS n;
    CREATE VIEW app.uses_that AS SELECT n FROM app.uses;
    CREATE TABLE app.hangs (id int PRIMARY KEY, n int DEFAULT app.f300a());
    INSERT INTO app.hangs VALUES (1, 1), (2, 2);
    CREATE TABLE app.hangs_too (id int REFERENCES app.hangs);
    INSERT INTO app.hangs_too VALUES (1), (2);
";

struct Scene {
    server: Postgresql,
    cofferdam: Cofferdam,
}

impl Scene {
    fn new(more: &str) -> Self {
        let server = Postgresql::start(Major::V15).unwrap();
        server.create_database("shop").unwrap();
        server.sql("shop", WHOLE).unwrap();
        server.sql("shop", more).unwrap();
        let mut cofferdam = Cofferdam::new().unwrap();
        cofferdam.add_instance("shop", &server, "shop").unwrap();
        cofferdam.initialize().unwrap();
        cofferdam.succeed(&["backup", "shop"], MINUTES).unwrap();
        Self { server, cofferdam }
    }

    fn restore(&self, arguments: &[&str]) -> Output {
        let all = [&["restore", "shop@latest", "--to", "shop"], arguments].concat();
        self.cofferdam.run(&all, MINUTES).unwrap()
    }

    fn sql(&self, database: &str, sql: &str) -> String {
        self.server.sql(database, sql).unwrap().trim().to_owned()
    }

    fn databases(&self) -> String {
        self.sql(
            "postgres",
            "SELECT string_agg(datname, ' ' ORDER BY datname) FROM pg_database WHERE datname ~ 'shop|copy'",
        )
    }

    fn is_all_but_what_failed(&self, database: &str) {
        let number = |sql: &str| self.sql(database, sql);
        assert_eq!(number("SELECT count(*), sum(total) FROM app.orders"), "100|5050");
        assert_eq!(number("SELECT count(*) FROM app.customers"), "10");
        assert_eq!(number("SELECT total FROM app.totals"), "5050");
        assert_eq!(number("SELECT orders FROM app.filled"), "100");
        assert_eq!(number("SELECT count(*) FROM app.checked"), "0");
        assert_eq!(number("SELECT count(*) FROM app.hangs_too"), "2");
        let functions = "SELECT count(*) FROM pg_proc WHERE pronamespace = 'app'::regnamespace";
        assert_eq!(number(functions), "600");
        let relations = "SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class
            WHERE relnamespace = 'app'::regnamespace";
        let there = "checked customers customers_pkey filled filled_once hangs_too orders orders_pkey totals";
        assert_eq!(number(relations), there);
        assert_eq!(number("SELECT count(*) FROM pg_constraint WHERE contype = 'f'"), "0");
        assert_eq!(number("SELECT count(*) FROM pg_namespace WHERE nspname LIKE '%cofferdam%'"), "0");
    }
}

fn json(output: &Output) -> Value {
    serde_json::from_str(&output.stdout).unwrap_or_else(|e| panic!("{e}: {} {}", output.stdout, output.stderr))
}

/// What failed by its object, with why.
fn failed(result: &Value) -> Vec<(String, String)> {
    let text = |note: &Value, key: &str| note[key].as_str().unwrap().to_owned();
    let notes = result["notes"].as_array().unwrap().iter().filter(|note| note["kind"] == "failed");
    notes.map(|note| (text(note, "object"), text(note, "reason"))).collect()
}

fn tells(result: &Value) {
    let failed = failed(result);
    for (object, words) in [
        ("known", "violates foreign key constraint"),
        ("INDEX \"app\".\"once\"", "could not create unique index"),
        ("TABLE \"app\".\"checked\"", "violates check constraint"),
        ("FUNCTION \"app\".\"f300a\"()", "could not access file"),
        ("VIEW \"app\".\"uses\"", "can't be made without FUNCTION"),
        ("VIEW \"app\".\"uses_that\"", "can't be made without VIEW"),
        ("TABLE \"app\".\"hangs\"", "does not exist"),
        ("TABLE \"app\".\"hangs\"", "rows couldn't be loaded"),
        ("hangs_pkey", "can't be made without TABLE"),
        ("hangs_too_id_fkey", "can't be made without TABLE"),
    ] {
        let found = failed.iter().any(|(of, why)| of.contains(object) && why.contains(words));
        assert!(found, "{object}: {words} isn't in {failed:#?}");
    }
    let rows: Vec<&String> = failed.iter().map(|(_, why)| why).filter(|why| why.contains("rows are missing")).collect();
    assert_eq!(rows.len(), 2, "{rows:?}");
    assert!(rows.iter().any(|why| why.contains("; 3 rows are missing")), "{rows:?}");
    assert_eq!(result["missing_rows"], 5);
    assert_eq!(result["rows"], 100 + 10 + 2);
    let mut sum = 0;
    for tally in result["tallies"].as_array().unwrap() {
        let number = |key: &str| tally[key].as_u64().unwrap();
        assert_eq!(number("counted"), number("carried") + number("left_out") + number("failed"), "{tally}");
        sum += number("failed");
    }
    let tally = |kind: &str| {
        result["tallies"].as_array().unwrap().iter().find(|t| t["kind"] == kind).unwrap()["failed"].clone()
    };
    assert_eq!(
        (tally("rows"), tally("function"), tally("view"), tally("table")),
        (2.into(), 1.into(), 2.into(), 1.into())
    );
    assert!(result["failed"].as_u64().unwrap() >= sum);
}

#[test]
fn what_the_server_refuses_is_told_one_by_one_and_the_rest_is_there() {
    let scene = Scene::new(BROKEN);
    let refused = scene.restore(&["--database", "copy"]);
    assert_eq!(refused.status.code(), Some(1), "{}", refused.stderr);
    assert_eq!(scene.databases(), "shop");
    let partial = scene.restore(&["--database", "copy", "--keep-going", "--json"]);
    assert_eq!(partial.status.code(), Some(PARTIAL), "{}", partial.stderr);
    tells(&json(&partial));
    assert!(partial.stderr.contains("\"code\":\"partial\""), "{}", partial.stderr);
    scene.is_all_but_what_failed("copy");
    let comment = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = 'copy'";
    assert!(scene.sql("postgres", comment).starts_with("partial: cofferdam "), "{}", scene.sql("postgres", comment));
    let shown = scene.restore(&["--database", "copy2", "--keep-going", "--jobs", "1"]);
    assert_eq!(shown.status.code(), Some(PARTIAL));
    for words in ["partly done, ", "5 rows missing", "failed: VIEW", "error: the database is partial: "] {
        assert!(shown.stderr.contains(words), "{words} isn't in: {}", shown.stderr);
    }
}

#[test]
fn a_clone_goes_on_as_a_restore_does() {
    let scene = Scene::new(BROKEN);
    scene.server.create_database("copy").unwrap();
    let clone = ["clone", "shop", "shop", "--as", "copy", "--except", "nothing*", "--keep-going", "--json"];
    assert_eq!(scene.cofferdam.run(&clone, MINUTES).unwrap().status.code(), Some(3), "a pattern that matches nothing");
    // Somebody uses the source, so the server doesn't copy by itself.
    let mut somebody = scene.server.client("psql", "shop").unwrap();
    let mut somebody = somebody.args(["-X", "-c", "SELECT pg_sleep(600)"]).stdout(Stdio::null()).spawn().unwrap();
    let connected = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'shop' AND query LIKE '%pg_sleep(600)%'";
    while scene.sql("postgres", connected) == "0" {
        std::thread::sleep(Duration::from_millis(50));
    }
    let clone = ["clone", "shop", "shop", "--as", "copy", "--keep-going", "--json"];
    let cloned = scene.cofferdam.run(&clone, MINUTES).unwrap();
    somebody.kill().unwrap();
    somebody.wait().unwrap();
    assert_eq!(cloned.status.code(), Some(PARTIAL), "{}", cloned.stderr);
    tells(&json(&cloned));
    scene.is_all_but_what_failed("copy");
}

#[test]
fn without_a_failure_nothing_is_different() {
    let scene = Scene::new("");
    let whole = scene.restore(&["--database", "copy", "--keep-going", "--json"]);
    assert_eq!(whole.status.code(), Some(0), "{}", whole.stderr);
    let result = json(&whole);
    assert_eq!((&result["failed"], &result["missing_rows"]), (&0.into(), &0.into()));
    let (source, copy) =
        (Portrait::take(&scene.server, "shop").unwrap(), Portrait::take(&scene.server, "copy").unwrap());
    assert_eq!(source.differences(&copy).unwrap(), Vec::<String>::new());
    let comment = "SELECT shobj_description(oid, 'pg_database') IS NULL FROM pg_database WHERE datname = 'copy'";
    assert_eq!(scene.sql("postgres", comment), "t");
    let plain = json(&scene.restore(&["--database", "copy2", "--json"]));
    assert_eq!(
        (&result["tallies"], &result["rows"], &result["units"]),
        (&plain["tallies"], &plain["rows"], &plain["units"])
    );
}

#[test]
fn what_may_be_partial_takes_no_ones_place() {
    let scene = Scene::new(BROKEN);
    for how in ["replace", "append"] {
        let refused = scene.restore(&["--if-exists", how, "--keep-going"]);
        assert_eq!(refused.status.code(), Some(2), "{}", refused.stderr);
        assert!(refused.stderr.contains("never takes the place"), "{}", refused.stderr);
    }
    assert_eq!(scene.databases(), "shop");
}

#[test]
fn a_role_without_rights_gets_what_it_may_make() {
    let mut scene = Scene::new(
        "CREATE FOREIGN DATA WRAPPER elsewhere; CREATE SERVER there FOREIGN DATA WRAPPER elsewhere;
         CREATE FOREIGN TABLE app.far (id int) SERVER there;
         CREATE FUNCTION app.internal(int) RETURNS int IMMUTABLE LANGUAGE internal AS 'int4abs';
         CREATE TABLE app.mine (id int); INSERT INTO app.mine VALUES (1);
         CREATE INDEX ON app.mine (app.internal(id))",
    );
    scene.sql("postgres", "CREATE ROLE maker LOGIN CREATEDB PASSWORD 'makes things'");
    let url = scene.server.url("maker", "postgres");
    let add =
        format!("[instances.maker]\nengine = \"postgresql\"\nurl = \"{url}\"\npassword = {{ env = \"MAKER\" }}\n");
    scene.cofferdam.configure(&add).unwrap();
    scene.cofferdam.set_secret("MAKER", "makes things");
    let arguments = ["restore", "shop@latest", "--to", "maker", "--database", "copy", "--keep-going", "--json"];
    let partial = scene.cofferdam.run(&arguments, MINUTES).unwrap();
    assert_eq!(partial.status.code(), Some(PARTIAL), "{}", partial.stderr);
    let failed = failed(&json(&partial));
    for object in ["FOREIGN DATA WRAPPER", "SERVER", "FOREIGN TABLE", "FUNCTION \"app\".\"internal\"", "INDEX"] {
        assert!(failed.iter().any(|(of, _)| of.starts_with(object)), "{object} isn't in {failed:#?}");
    }
    assert_eq!(scene.sql("copy", "SELECT (SELECT count(*) FROM app.orders), (SELECT count(*) FROM app.mine)"), "100|1");
}

#[test]
fn a_kill_in_the_middle_leaves_nothing_under_the_name() {
    let scene = Scene::new(BROKEN);
    let arguments = ["restore", "shop@latest", "--to", "shop", "--database", "copy", "--keep-going"];
    let mut command = scene.cofferdam.command(&arguments);
    command.env("COFFERDAM_PAUSE_AT", "restore-filled=300");
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.contains("paused at restore-filled")), "it never came there");
    child.kill().unwrap();
    child.wait().unwrap();
    let there = scene.databases();
    assert!(there.starts_with("copy__cofferdam_") && there.ends_with(" shop"), "{there}");
    let id = there.split(' ').next().unwrap().rsplit('_').next().unwrap().to_owned();
    scene.cofferdam.succeed(&["cleanup", &id, "--instance", "shop"], MINUTES).unwrap();
    assert_eq!(scene.databases(), "shop");
}

/// A limit of the server's for temporary files stands for its full disk: both are resources that others lack too.
#[test]
fn what_the_server_has_too_little_of_ends_it_all_the_same() {
    let scene = Scene::new(
        "CREATE MATERIALIZED VIEW app.sorted AS SELECT i FROM generate_series(1, 200000) AS i ORDER BY md5(i::text)",
    );
    scene
        .sql("postgres", "ALTER ROLE postgres SET work_mem = '64kB'; ALTER ROLE postgres SET temp_file_limit = '64kB'");
    let ended = scene.restore(&["--database", "copy", "--keep-going"]);
    assert_eq!(ended.status.code(), Some(1), "{}", ended.stderr);
    assert!(ended.stderr.contains("(53400)"), "{}", ended.stderr);
    assert_eq!(scene.databases(), "shop");
}
