//! Restore as a product: choosing objects, replacing and adding to databases, other owners, and who may do what.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::time::Duration;

use cofferdam_tests::cofferdam::Cofferdam;
use cofferdam_tests::command::Output;
use cofferdam_tests::compare::Portrait;
use cofferdam_tests::servers::{Major, Postgresql};

const MINUTES: Duration = Duration::from_secs(300);

/// Two schemas, a table with all that hangs on one, and tables that have nothing to do with it.
const SHOP: &str = "
    CREATE ROLE clerk; CREATE ROLE boss;
    CREATE SCHEMA app; CREATE SCHEMA other;
    CREATE TYPE app.mood AS ENUM ('good', 'bad');
    CREATE FUNCTION app.stamp() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE TABLE app.customers (id int PRIMARY KEY, name text NOT NULL);
    CREATE TABLE app.orders (
        id serial PRIMARY KEY, customer int REFERENCES app.customers, mood app.mood DEFAULT 'good', total numeric CHECK (total >= 0)
    );
    CREATE INDEX orders_total ON app.orders (total);
    CREATE TRIGGER stamp BEFORE INSERT ON app.orders FOR EACH ROW EXECUTE FUNCTION app.stamp();
    COMMENT ON COLUMN app.orders.total IS 'net';
    ALTER TABLE app.orders OWNER TO clerk;
    GRANT SELECT ON app.orders TO boss;
    CREATE VIEW app.totals AS SELECT sum(total) AS total FROM app.orders;
    CREATE TABLE other.things AS SELECT generate_series(1, 5) AS id;
    CREATE TABLE app.parted (id int) PARTITION BY RANGE (id);
    CREATE TABLE app.parted_1 PARTITION OF app.parted FOR VALUES FROM (0) TO (10);
    INSERT INTO app.parted VALUES (1), (2);
    INSERT INTO app.customers VALUES (1, 'a'), (2, 'b');
    INSERT INTO app.orders (customer, total) SELECT 1 + i % 2, i FROM generate_series(1, 100) AS i;
";

struct Scene {
    server: Postgresql,
    cofferdam: Cofferdam,
}

impl Scene {
    fn new() -> Self {
        let server = Postgresql::start(Major::V15).unwrap();
        server.create_database("shop").unwrap();
        server.sql("shop", SHOP).unwrap();
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

    fn restores(&self, arguments: &[&str]) -> Output {
        let output = self.restore(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", output.stderr);
        output
    }

    fn refuses(&self, arguments: &[&str], why: &str) {
        let output = self.restore(arguments);
        assert!(!output.status.success(), "{arguments:?} succeeded");
        assert!(output.stderr.contains(why), "{why} isn't in: {}", output.stderr);
    }

    fn sql(&self, database: &str, sql: &str) -> String {
        self.server.sql(database, sql).unwrap().trim().to_owned()
    }

    fn relations(&self, database: &str) -> String {
        self.sql(
            database,
            "SELECT string_agg(c.oid::regclass::text, ' ' ORDER BY c.oid::regclass::text) FROM pg_class AS c
             WHERE c.relnamespace IN (SELECT oid FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema')
               AND c.relkind IN ('r', 'v', 'p', 'S')",
        )
    }

    fn databases(&self) -> String {
        self.sql(
            "postgres",
            "SELECT string_agg(datname, ' ' ORDER BY datname) FROM pg_database WHERE datname ~ 'shop|copy'",
        )
    }

    fn pause(&self, arguments: &[&str], point: &str) -> Child {
        let mut command = self.cofferdam.command(arguments);
        command.env("COFFERDAM_PAUSE_AT", format!("{point}=300"));
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        assert!(lines.any(|line| line.contains(&format!("paused at {point}"))), "it never came to {point}");
        child
    }
}

#[test]
fn a_table_comes_with_what_it_needs_and_the_rest_is_told_to_be_left_out() {
    let scene = Scene::new();
    let told = scene.restores(&["--database", "copy", "--only", "app.orders"]).stderr;
    assert_eq!(scene.relations("copy"), "app.orders app.orders_id_seq");
    assert_eq!(scene.sql("copy", "SELECT count(*), sum(total) FROM app.orders"), "100|5050");
    assert_eq!(scene.sql("copy", "SELECT nextval('app.orders_id_seq')"), "101");
    assert_eq!(scene.sql("copy", "SELECT count(*) FROM pg_trigger WHERE tgname = 'stamp'"), "1");
    assert_eq!(scene.sql("copy", "SELECT has_table_privilege('boss', 'app.orders', 'SELECT')"), "t");
    assert_eq!(scene.sql("copy", "SELECT col_description('app.orders'::regclass, 4)"), "net");
    for words in ["it refers to TABLE \"app\".\"customers\"", "not chosen"] {
        assert!(told.contains(words), "{words} isn't in: {told}");
    }
    let dry = scene.restores(&["--database", "copy2", "--only", "app.orders", "--dry-run"]).stdout;
    let along = "TYPE \"app\".\"mood\": it comes along: TABLE \"app\".\"orders\" uses it";
    assert!(dry.contains(along), "{dry}");
    assert_eq!(scene.databases(), "copy shop");
}

#[test]
fn a_view_brings_its_table_with_its_rows_and_a_partitioned_table_its_partitions() {
    let scene = Scene::new();
    scene.restores(&["--database", "copy", "--only", "app.totals", "--only", "app.parted"]);
    assert_eq!(scene.sql("copy", "SELECT total FROM app.totals"), "5050");
    assert_eq!(scene.sql("copy", "SELECT count(*) FROM app.parted"), "2");
    assert_eq!(scene.sql("copy", "SELECT to_regclass('other.things') IS NULL"), "t");
}

#[test]
fn what_was_excepted_stays_out_with_what_cannot_be_made_without_it() {
    let scene = Scene::new();
    let told = scene.restores(&["--database", "copy", "--except", "app.orders"]).stderr;
    // The sequence can be made without the table that owns it.
    assert_eq!(scene.relations("copy"), "app.customers app.orders_id_seq app.parted app.parted_1 other.things");
    assert!(told.contains("VIEW \"app\".\"totals\"") && told.contains("can't be made without"), "{told}");
}

#[test]
fn a_pattern_that_matches_nothing_is_refused_and_nothing_is_made() {
    let scene = Scene::new();
    scene.refuses(&["--database", "copy", "--only", "orders"], "no object matches --only \"orders\"");
    assert_eq!(scene.databases(), "shop");
}

#[test]
fn a_backup_or_a_clone_of_some_objects_holds_just_them() {
    let scene = Scene::new();
    let backup = ["backup", "shop", "--only", "app.*", "--except", "app.parted*"];
    let id = scene.cofferdam.succeed(&backup, MINUTES).unwrap().stdout.trim().to_owned();
    let restore = ["restore", &id, "--to", "shop", "--database"];
    scene.cofferdam.succeed(&[&restore[..], &["copy"]].concat(), MINUTES).unwrap();
    assert_eq!(scene.relations("copy"), "app.customers app.orders app.orders_id_seq app.totals");
    let lacking = scene.cofferdam.run(&[&restore[..], &["copy2", "--only", "other.things"]].concat(), MINUTES).unwrap();
    assert!(!lacking.status.success() && lacking.stderr.contains("no object matches"), "{}", lacking.stderr);
    let clone = ["clone", "shop", "shop", "--as", "copy3", "--only", "app.orders"];
    scene.cofferdam.succeed(&clone, MINUTES).unwrap();
    assert_eq!(scene.relations("copy3"), "app.orders app.orders_id_seq");
}

#[test]
fn parts_of_a_table_are_chosen_together() {
    let scene = Scene::new();
    scene.sql("shop", "INSERT INTO app.orders (customer, total) SELECT 1, i FROM generate_series(1, 20000) AS i");
    let backup = ["backup", "shop", "--set", "split-size=256kB", "--json"];
    let told = scene.cofferdam.succeed(&backup, MINUTES).unwrap();
    assert!(told.stdout.contains("data/app.orders/3") || told.stderr.contains("data/app.orders/3"), "it wasn't split");
    scene.restores(&["--database", "copy", "--only", "app.orders"]);
    assert_eq!(scene.sql("copy", "SELECT count(*) FROM app.orders"), "20100");
    scene.sql("shop", "DELETE FROM app.orders");
    scene.restores(&["--if-exists", "append", "--only", "app.orders"]);
    assert_eq!(scene.sql("shop", "SELECT count(*), sum(total) FROM app.orders"), "20100|200015050");
    scene.restores(&["--database", "copy2", "--except", "app.orders"]);
    assert_eq!(scene.sql("copy2", "SELECT to_regclass('app.orders') IS NULL"), "t");
}

#[test]
fn large_objects_are_chosen_as_a_whole_and_added_if_their_numbers_are_free() {
    let scene = Scene::new();
    scene.sql(
        "shop",
        "SELECT lo_from_bytea(4711, 'large'); SELECT lo_from_bytea(4712, repeat('x', 9000)::bytea);
         ALTER LARGE OBJECT 4711 OWNER TO clerk; COMMENT ON LARGE OBJECT 4712 IS 'many'",
    );
    scene.cofferdam.succeed(&["backup", "shop"], MINUTES).unwrap();
    let told = "SELECT string_agg(md5(lo_get(oid)) || lomowner::regrole || obj_description(oid, 'pg_largeobject'), ' ' ORDER BY oid)
        FROM pg_largeobject_metadata";
    let before = scene.sql("shop", told);
    scene.restores(&["--database", "copy", "--only", "large-objects"]);
    assert_eq!(scene.sql("copy", told), before);
    assert_eq!(scene.relations("copy"), "");
    scene.restores(&["--database", "copy2", "--only", "app.orders"]);
    assert_eq!(scene.sql("copy2", "SELECT count(*) FROM pg_largeobject_metadata"), "0");
    let append = ["--if-exists", "append", "--only", "large-objects", "--only", "other.things"];
    scene.refuses(&append, "a large object of this number is there already");
    assert_eq!(scene.sql("shop", "SELECT count(*) FROM other.things"), "5");
    scene.sql("shop", "SELECT lo_unlink(4711), lo_unlink(4712), lo_from_bytea(1, 'another')");
    scene.restores(&append);
    assert_eq!(scene.sql("shop", "SELECT count(*) FROM other.things"), "10");
    scene.sql("shop", "SELECT lo_unlink(1)");
    assert_eq!(scene.sql("shop", told), before);
}

#[test]
fn a_clone_replaces_and_adds_as_a_restore_does() {
    let scene = Scene::new();
    scene.server.create_database("copy").unwrap();
    scene.sql("copy", "CREATE TABLE stale (id int)");
    let clone = |arguments: &[&str]| {
        let all = [&["clone", "shop", "shop", "--as", "copy"], arguments].concat();
        scene.cofferdam.run(&all, MINUTES).unwrap()
    };
    assert!(!clone(&[]).status.success());
    assert!(clone(&["--if-exists", "replace", "--drop-old", "--owner", "clerk=boss"]).status.success());
    assert_eq!(scene.sql("copy", "SELECT to_regclass('public.stale') IS NULL"), "t");
    assert_eq!(scene.sql("copy", "SELECT relowner::regrole FROM pg_class WHERE oid = 'app.orders'::regclass"), "boss");
    scene.sql("copy", "DROP TABLE other.things");
    let added = clone(&["--if-exists", "append", "--only", "other.things"]);
    assert!(added.status.success(), "{}", added.stderr);
    assert_eq!(scene.sql("copy", "SELECT count(*) FROM other.things"), "5");
    assert_eq!(scene.databases(), "copy shop");
}

#[test]
fn what_belongs_to_the_name_isnt_taken_from_the_backup() {
    let scene = Scene::new();
    scene.sql(
        "postgres",
        "ALTER DATABASE shop SET work_mem = '7MB'; COMMENT ON DATABASE shop IS 'then'; ALTER DATABASE shop OWNER TO clerk;
         GRANT TEMPORARY ON DATABASE shop TO boss",
    );
    scene.cofferdam.succeed(&["backup", "shop"], MINUTES).unwrap();
    scene.sql(
        "postgres",
        "ALTER DATABASE shop RESET work_mem; COMMENT ON DATABASE shop IS 'now'; ALTER DATABASE shop OWNER TO boss;
         REVOKE TEMPORARY ON DATABASE shop FROM boss, PUBLIC",
    );
    let before = scene.sql("postgres", TRAITS);
    for how in [&["--if-exists", "replace"][..], &["--if-exists", "append", "--except", "app.*"]] {
        let told = scene.restores(how).stderr;
        assert_eq!(scene.sql("postgres", TRAITS), before, "{how:?}");
        for words in ["keeps its own settings", "keeps its own owner, privileges, comment"] {
            assert!(told.contains(words), "{how:?}: {words} isn't in: {told}");
        }
    }
    scene.restores(&["--database", "copy", "--owner", "clerk=boss"]);
    assert_eq!(
        scene.sql("postgres", &TRAITS.replace("'shop'", "'copy'")),
        "boss|-1|then|{=Tc/boss,boss=CTc/boss}|0work_mem=7MB"
    );
}

#[test]
fn replacing_keeps_the_old_database_and_what_belongs_to_the_name() {
    let scene = Scene::new();
    scene.sql(
        "postgres",
        "ALTER DATABASE shop SET work_mem = '7MB'; ALTER ROLE clerk IN DATABASE shop SET search_path = app, public;
         ALTER DATABASE shop CONNECTION LIMIT 33; COMMENT ON DATABASE shop IS 'the shop';
         REVOKE ALL ON DATABASE shop FROM PUBLIC; GRANT CONNECT ON DATABASE shop TO boss; ALTER DATABASE shop OWNER TO clerk",
    );
    scene.sql("shop", "DELETE FROM app.orders");
    let before = scene.sql("postgres", TRAITS);
    scene.refuses(&[], "isn't empty");
    let told = scene.restores(&["--if-exists", "replace"]).stderr;
    assert_eq!(scene.sql("shop", "SELECT count(*) FROM app.orders"), "100");
    assert_eq!(scene.sql("postgres", TRAITS), before);
    let old = scene.databases().split(' ').find(|name| name.starts_with("shop_old_")).unwrap().to_owned();
    assert!(told.contains(&format!("DROP DATABASE \"{old}\"")), "{told}");
    assert_eq!(scene.sql(&old, "SELECT count(*) FROM app.orders"), "0");
    scene.restores(&["--if-exists", "replace", "--drop-old"]);
    assert_eq!(scene.databases(), format!("shop {old}"));
}

const TRAITS: &str = "
    SELECT datdba::regrole, datconnlimit, shobj_description(oid, 'pg_database'), datacl,
        (SELECT string_agg(setrole || array_to_string(setconfig, ','), ';' ORDER BY setrole) FROM pg_db_role_setting WHERE setdatabase = d.oid)
    FROM pg_database AS d WHERE datname = 'shop'";

#[test]
fn sessions_that_are_connected_are_named_and_ended_only_if_told() {
    let scene = Scene::new();
    let mut somebody = scene.server.client("psql", "shop").unwrap();
    let mut somebody = somebody.args(["-X", "-c", "SELECT pg_sleep(600)"]).stdout(Stdio::null()).spawn().unwrap();
    let connected = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'shop' AND query LIKE '%pg_sleep(600)%'";
    while scene.sql("postgres", connected) == "0" {
        std::thread::sleep(Duration::from_millis(50));
    }
    scene.refuses(&["--if-exists", "replace"], "while somebody is connected");
    assert!(somebody.try_wait().unwrap().is_none(), "the session was ended");
    assert_eq!(scene.databases(), "shop");
    scene.restores(&["--if-exists", "replace", "--end-sessions"]);
    assert!(!somebody.wait().unwrap().success());
    assert!(scene.databases().contains("shop shop_old_"));
}

#[test]
fn a_kill_before_or_after_the_swap_leaves_a_whole_database_under_the_name() {
    let scene = Scene::new();
    let whole = Portrait::take(&scene.server, "shop").unwrap();
    for (point, replaced) in [("restore-filled", false), ("restore-finished", true)] {
        let arguments = ["restore", "shop@latest", "--to", "shop", "--if-exists", "replace", "--end-sessions"];
        let mut child = scene.pause(&arguments, point);
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(whole.differences(&Portrait::take(&scene.server, "shop").unwrap()).unwrap(), Vec::<String>::new());
        assert_eq!(scene.databases().contains("shop_old_"), replaced, "{point}");
    }
}

#[test]
fn rows_are_added_to_a_table_that_is_there_and_nothing_else_of_it_changes() {
    let scene = Scene::new();
    scene.sql("shop", "DELETE FROM app.orders; DROP INDEX app.orders_total; SELECT setval('app.orders_id_seq', 3)");
    let told = scene.restores(&["--if-exists", "append", "--only", "app.orders"]).stderr;
    assert_eq!(scene.sql("shop", "SELECT count(*), sum(total) FROM app.orders"), "100|5050");
    assert_eq!(scene.sql("shop", "SELECT to_regclass('app.orders_total') IS NULL"), "t");
    assert_eq!(scene.sql("shop", "SELECT nextval('app.orders_id_seq')"), "101");
    assert_eq!(scene.sql("shop", "SELECT count(*) FROM app.customers"), "2");
    assert!(told.contains("rows are added"), "{told}");
}

#[test]
fn a_table_that_was_dropped_comes_back_into_place_with_its_foreign_key() {
    let scene = Scene::new();
    scene.sql("shop", "DROP TABLE app.orders CASCADE");
    scene.restores(&["--if-exists", "append", "--only", "app.orders"]);
    assert_eq!(scene.sql("shop", "SELECT count(*) FROM app.orders"), "100");
    assert_eq!(
        scene.sql(
            "shop",
            "SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND conrelid = 'app.orders'::regclass"
        ),
        "1"
    );
}

#[test]
fn adding_that_fails_leaves_nothing_behind() {
    let scene = Scene::new();
    scene.sql("shop", "DELETE FROM app.orders WHERE id <> 50; DROP TABLE other.things");
    scene.refuses(&["--if-exists", "append", "--only", "app.orders", "--only", "other.things"], "duplicate key");
    assert_eq!(scene.sql("shop", "SELECT count(*) FROM app.orders"), "1");
    assert_eq!(scene.sql("shop", "SELECT to_regclass('other.things') IS NULL"), "t");
    scene.sql("shop", "ALTER TABLE app.orders ADD COLUMN note text");
    scene.refuses(&["--if-exists", "append", "--only", "app.orders"], "columns aren't those");
}

#[test]
fn a_kill_while_adding_leaves_nothing_behind() {
    let scene = Scene::new();
    scene.sql("shop", "DELETE FROM app.orders");
    let arguments = ["restore", "shop@latest", "--to", "shop", "--if-exists", "append", "--only", "app.orders"];
    let mut child = scene.pause(&arguments, "restore-filled");
    assert_eq!(scene.sql("shop", "SELECT count(*) FROM app.orders"), "0", "others see it already");
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(scene.sql("shop", "SELECT count(*) FROM app.orders"), "0");
    scene.restores(&["--if-exists", "append", "--only", "app.orders"]);
    assert_eq!(scene.sql("shop", "SELECT count(*) FROM app.orders"), "100");
}

#[test]
fn a_table_goes_into_another_schema_beside_the_one_that_is_there() {
    let scene = Scene::new();
    scene.sql("shop", "UPDATE app.orders SET total = 0");
    scene.restores(&["--if-exists", "append", "--only", "app.orders", "--into-schema", "before"]);
    assert_eq!(scene.sql("shop", "SELECT sum(total) FROM before.orders"), "5050");
    assert_eq!(scene.sql("shop", "SELECT sum(total) FROM app.orders"), "0");
    let default =
        "SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = 'before.orders'::regclass AND adnum = 1";
    assert_eq!(scene.sql("shop", default), "nextval('before.orders_id_seq'::regclass)");
    assert_eq!(scene.sql("shop", "SELECT count(*) FROM pg_namespace WHERE nspname LIKE '%cofferdam%'"), "0");
    scene.refuses(&["--if-exists", "append", "--only", "app.orders", "--into-schema", "before"], "is there already");
}

#[test]
fn owners_are_mapped_or_dropped() {
    let scene = Scene::new();
    let owner = "SELECT relowner::regrole FROM pg_class WHERE oid = 'app.orders'::regclass";
    scene.restores(&["--database", "copy", "--owner", "clerk=boss"]);
    assert_eq!(scene.sql("copy", owner), "boss");
    scene.restores(&["--database", "copy2", "--no-owner"]);
    assert_eq!(scene.sql("copy2", owner), "postgres");
    assert_eq!(scene.sql("copy2", "SELECT has_table_privilege('boss', 'app.orders', 'SELECT')"), "t");
    let dry = scene.restores(&["--database", "copy3", "--owner", "clerk=nobody", "--dry-run"]);
    assert!(dry.stdout.contains("CREATE ROLE \"nobody\""), "{}", dry.stdout);
}
