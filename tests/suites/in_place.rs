//! Objects of a backup that take the place of those that are there: `--only` with `--if-exists replace`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::time::Duration;

use cofferdam_tests::cofferdam::Cofferdam;
use cofferdam_tests::command::Output;
use cofferdam_tests::servers::{Major, Postgresql};

const MINUTES: Duration = Duration::from_secs(300);

/// A table with all that is its own, one that nothing has to do with it, and a partitioned one.
const SHOP: &str = "
    CREATE ROLE clerk; CREATE ROLE boss;
    CREATE SCHEMA app; CREATE SCHEMA other;
    CREATE FUNCTION app.stamp() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE FUNCTION app.read() RETURNS bigint LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT count(*) FROM app.orders); END';
    CREATE TABLE app.customers (id int PRIMARY KEY, name text NOT NULL);
    CREATE TABLE app.orders (
        id serial PRIMARY KEY, number int GENERATED ALWAYS AS IDENTITY, customer int REFERENCES app.customers,
        total numeric CHECK (total >= 0)
    );
    CREATE INDEX orders_total ON app.orders (total);
    CREATE STATISTICS app.orders_both ON customer, total FROM app.orders;
    CREATE TRIGGER stamp BEFORE INSERT ON app.orders FOR EACH ROW EXECUTE FUNCTION app.stamp();
    ALTER TABLE app.orders ENABLE ROW LEVEL SECURITY;
    CREATE POLICY all_of_it ON app.orders USING (true);
    COMMENT ON COLUMN app.orders.total IS 'net';
    ALTER TABLE app.orders OWNER TO clerk; GRANT USAGE ON SCHEMA app TO clerk;
    GRANT SELECT ON app.orders TO boss;
    CREATE TABLE other.things AS SELECT generate_series(1, 5) AS id;
    CREATE TABLE app.parted (id int) PARTITION BY RANGE (id);
    CREATE TABLE app.parted_1 PARTITION OF app.parted FOR VALUES FROM (0) TO (10);
    INSERT INTO app.parted VALUES (1), (2);
    INSERT INTO app.customers VALUES (1, 'a'), (2, 'b');
    INSERT INTO app.orders (customer, total) SELECT 1 + i % 2, i FROM generate_series(1, 100) AS i;
";

/// Everything that hangs on the table, as the server writes it.
const TABLE: &str = "
    SELECT string_agg(line, E'\\n' ORDER BY line) FROM (
        SELECT pg_get_indexdef(indexrelid) AS line FROM pg_index WHERE indrelid = 'app.orders'::regclass
        UNION ALL SELECT conname || pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'app.orders'::regclass
        UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = 'app.orders'::regclass AND NOT tgisinternal
        UNION ALL SELECT polname::text || pg_get_expr(polqual, polrelid) FROM pg_policy WHERE polrelid = 'app.orders'::regclass
        UNION ALL SELECT pg_get_statisticsobjdef(oid) FROM pg_statistic_ext WHERE stxrelid = 'app.orders'::regclass
        UNION ALL SELECT relowner::regrole || relacl::text || relrowsecurity FROM pg_class WHERE oid = 'app.orders'::regclass
        UNION ALL SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = 'app.orders'::regclass
        UNION ALL SELECT col_description('app.orders'::regclass, 4)
        UNION ALL SELECT pg_get_serial_sequence('app.orders', 'id') || pg_get_serial_sequence('app.orders', 'number')
    ) AS lines";

/// What isn't to be touched.
const OTHERS: &str = "
    SELECT string_agg(c.oid || ' ' || c.relname || ' ' || c.relfilenode, ',' ORDER BY c.oid) || (SELECT sum(id) FROM other.things)
    FROM pg_class AS c
    WHERE c.relname IN ('things', 'parted', 'parted_1', 'customers', 'customers_pkey')";

const KEPT: &str = "SELECT string_agg(quote_ident(nspname), ' ') FROM pg_namespace WHERE nspname ~ '_old_'";
const ORDERS: [&str; 4] = ["--if-exists", "replace", "--only", "app.orders"];

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

    fn sql(&self, sql: &str) -> String {
        self.server.sql("shop", sql).unwrap().trim().to_owned()
    }

    fn pause(&self, arguments: &[&str], point: &str) -> Child {
        let all = [&["restore", "shop@latest", "--to", "shop"], arguments].concat();
        let mut command = self.cofferdam.command(&all);
        command.env("COFFERDAM_PAUSE_AT", format!("{point}=300"));
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        assert!(lines.any(|line| line.contains(&format!("paused at {point}"))), "it never came to {point}");
        child
    }
}

#[test]
fn a_table_takes_the_place_of_the_one_that_is_there_with_all_that_is_its_own() {
    let scene = Scene::new();
    let (table, others) = (scene.sql(TABLE), scene.sql(OTHERS));
    scene.sql(
        "DELETE FROM app.orders WHERE id > 10; UPDATE app.orders SET total = 0; SELECT setval('app.orders_id_seq', 3);
         DROP INDEX app.orders_total; ALTER TABLE app.orders ADD COLUMN spoilt text",
    );
    let dry = scene.restores(&[&ORDERS[..], &["--dry-run"]].concat()).stdout;
    assert!(dry.contains("the old one is kept as"), "{dry}");
    assert_eq!(scene.sql("SELECT count(*) FROM app.orders"), "10", "a dry run changed something");
    let told = scene.restores(&ORDERS).stderr;
    assert_eq!(scene.sql("SELECT count(*), sum(total) FROM app.orders"), "100|5050");
    assert_eq!(scene.sql(TABLE), table);
    assert_eq!(scene.sql("SELECT nextval('app.orders_id_seq'), nextval('app.orders_number_seq')"), "101|101");
    assert_eq!(scene.sql("SELECT app.read()"), "100");
    assert_eq!(scene.sql(OTHERS), others);
    let kept = scene.sql(KEPT);
    assert!(kept.starts_with("\"app_old_") && told.contains(&format!("DROP SCHEMA {kept} CASCADE")), "{kept}: {told}");
    assert_eq!(scene.sql(&format!("SELECT count(*), sum(total), count(spoilt) FROM {kept}.orders")), "10|0|0");
    scene.sql("ALTER TABLE app.orders DROP CONSTRAINT orders_customer_fkey");
    let held = scene.server.sql("shop", "DELETE FROM app.customers").unwrap_err().to_string();
    assert!(held.contains("violates foreign key constraint"), "the one that is kept: {held}");
    scene.restores(&ORDERS);
    let schemas = scene.sql(KEPT);
    assert_eq!(schemas.split(' ').count(), 2, "{schemas}");
    scene.sql(&format!("DROP SCHEMA {} CASCADE", schemas.replace(' ', ", ")));
    assert_eq!(scene.sql(TABLE), table);
    scene.restores(&[&ORDERS[..], &["--drop-old"]].concat());
    assert_eq!((scene.sql(KEPT), scene.sql(TABLE)), (String::new(), table));
    assert_eq!(
        scene.server.sql("postgres", "SELECT count(*) FROM pg_database WHERE datname ~ 'shop'").unwrap().trim(),
        "1"
    );
}

/// Schemas as they would be kept, had there been a replacement in every second of this minute and the next one.
const EVERY_SECOND: &str = "DO $$ BEGIN FOR n IN 0..120 LOOP
    EXECUTE format('CREATE SCHEMA %I', to_char(now() AT TIME ZONE 'UTC' + n * interval '1 s', '\"app_old_\"YYYYMMDD\"T\"HH24MISS'));
    END LOOP; END $$";

#[test]
fn replacements_within_one_second_are_kept_under_different_names() {
    let scene = Scene::new();
    scene.sql(EVERY_SECOND);
    let told = scene.restores(&ORDERS).stderr;
    let kept = scene.sql("SELECT quote_ident(relnamespace::regnamespace::text) FROM pg_class WHERE relname = 'orders' AND relnamespace <> 'app'::regnamespace");
    assert!(kept.trim_matches('"').ends_with("_2"), "{kept}");
    let names: Vec<&str> = told.split('"').filter(|name| name.starts_with("app_old_")).collect();
    assert!(names.len() > 1 && names.iter().all(|name| *name == kept.trim_matches('"')), "{kept}: {told}");
}

#[test]
fn what_is_referred_to_by_others_is_refused_before_anything_is_changed() {
    let scene = Scene::new();
    for (make, drop, words) in [
        ("CREATE VIEW app.totals AS SELECT sum(total) FROM app.orders", "DROP VIEW app.totals", "view app.totals"),
        (
            "CREATE TABLE other.lines (of int CONSTRAINT of_order REFERENCES app.orders)",
            "DROP TABLE other.lines",
            "constraint of_order on table other.lines",
        ),
        (
            "CREATE FUNCTION other.all_of_it() RETURNS bigint BEGIN ATOMIC SELECT count(*) FROM app.orders; END",
            "DROP FUNCTION other.all_of_it",
            "function other.all_of_it()",
        ),
        ("CREATE PUBLICATION told FOR TABLE app.orders", "DROP PUBLICATION told", "publication told"),
        ("CREATE TABLE other.heir () INHERITS (app.orders)", "DROP TABLE other.heir", "table other.heir"),
        (
            "CREATE POLICY known ON app.customers USING (id IN (SELECT customer FROM app.orders))",
            "DROP POLICY known ON app.customers",
            "policy known on table app.customers",
        ),
        ("CREATE TABLE other.rows (one app.orders)", "DROP TABLE other.rows", "column one of table other.rows"),
        (
            "CREATE TABLE other.drawn (id int DEFAULT nextval('app.orders_id_seq'))",
            "DROP TABLE other.drawn",
            "default value for column id of table other.drawn",
        ),
    ] {
        scene.sql(make);
        let refused = scene.restore(&ORDERS);
        assert!(!refused.status.success(), "{make}");
        assert!(refused.stderr.contains(words), "{words} isn't in: {}", refused.stderr);
        assert_eq!(scene.sql(KEPT), "");
        let dry = scene.restore(&[&ORDERS[..], &["--dry-run"]].concat()).stdout;
        assert!(dry.contains("--into-schema"), "{dry}");
        scene.sql(drop);
    }
    let part = scene.restore(&["--if-exists", "replace", "--only", "app.parted_1"]).stderr;
    assert!(part.contains("table app.parted, which it inherits from"), "{part}");
    scene.restores(&ORDERS);
}

#[test]
fn what_refers_to_it_may_be_named_too() {
    let scene = Scene::new();
    scene.sql("CREATE VIEW app.totals AS SELECT sum(total) AS total FROM app.orders");
    scene.cofferdam.succeed(&["backup", "shop"], MINUTES).unwrap();
    scene.sql("UPDATE app.orders SET total = 0");
    scene.restores(&[&ORDERS[..], &["--only", "app.totals"]].concat());
    assert_eq!(scene.sql("SELECT total FROM app.totals"), "5050");
    let kept = scene.sql(KEPT);
    assert_eq!(scene.sql(&format!("SELECT total FROM {kept}.totals")), "0");
}

#[test]
fn a_partitioned_table_takes_its_partitions_along() {
    let scene = Scene::new();
    scene.sql(
        "DELETE FROM app.parted; CREATE TABLE app.parted_2 PARTITION OF app.parted FOR VALUES FROM (10) TO (20);
         INSERT INTO app.parted VALUES (15)",
    );
    scene.restores(&["--if-exists", "replace", "--only", "app.parted"]);
    assert_eq!(scene.sql("SELECT string_agg(id::text, ' ' ORDER BY id) FROM app.parted"), "1 2");
    assert_eq!(scene.sql("SELECT to_regclass('app.parted_2') IS NULL"), "t");
    let kept = scene.sql(KEPT);
    assert_eq!(scene.sql(&format!("SELECT id FROM {kept}.parted_2")), "15");
}

#[test]
fn others_see_the_old_one_or_the_new_one_whatever_is_killed() {
    let scene = Scene::new();
    scene.sql("UPDATE app.orders SET total = 0");
    for (point, sum) in [("restore-filled", "0"), ("restore-finished", "5050")] {
        let mut child = scene.pause(&ORDERS, point);
        if point == "restore-filled" {
            // Whoever reads waits, and sees no table that is half there.
            let waiting = scene.server.sql("shop", "SET lock_timeout = '300ms'; SELECT count(*) FROM app.orders");
            assert!(waiting.unwrap_err().to_string().contains("lock timeout"));
            assert_eq!(scene.sql("SELECT count(*) FROM other.things"), "5");
        }
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(scene.sql("SELECT sum(total), count(*) FROM app.orders"), format!("{sum}|100"), "{point}");
        assert_eq!(scene.sql(KEPT).is_empty(), sum == "0", "{point}");
    }
}

#[test]
fn what_fails_leaves_the_old_one_in_its_place() {
    let scene = Scene::new();
    let table = scene.sql(TABLE);
    scene.sql(
        "UPDATE app.orders SET total = 0; UPDATE app.orders SET customer = 1; DELETE FROM app.customers WHERE id = 2",
    );
    let failed = scene.restore(&ORDERS);
    assert!(!failed.status.success() && failed.stderr.contains("violates foreign key"), "{}", failed.stderr);
    assert_eq!(scene.sql("SELECT sum(total), count(*) FROM app.orders"), "0|100");
    assert_eq!((scene.sql(KEPT), scene.sql(TABLE)), (String::new(), table));
}

#[test]
fn a_clone_replaces_only_what_was_named_too() {
    let scene = Scene::new();
    scene.cofferdam.succeed(&["clone", "shop", "shop", "--as", "copy"], MINUTES).unwrap();
    scene.server.sql("copy", "UPDATE app.orders SET total = 0; UPDATE other.things SET id = 0").unwrap();
    let clone = [&["clone", "shop", "shop", "--as", "copy"], &ORDERS[..], &["--drop-old"]].concat();
    scene.cofferdam.succeed(&clone, MINUTES).unwrap();
    let sums = "SELECT (SELECT sum(total) FROM app.orders), (SELECT sum(id) FROM other.things)";
    assert_eq!(scene.server.sql("copy", sums).unwrap().trim(), "5050|0");
}

#[test]
fn what_isnt_there_is_made_and_what_makes_no_sense_with_it_is_refused() {
    let scene = Scene::new();
    scene.sql("DROP TABLE app.orders");
    scene.restores(&ORDERS);
    assert_eq!(scene.sql("SELECT sum(total) FROM app.orders"), "5050");
    for option in ["--end-sessions", "--neutral"] {
        assert!(!scene.restore(&[&ORDERS[..], &[option]].concat()).status.success(), "{option}");
    }
}
