//! What was restored is what was backed up, two databases are the same, everything is carried or told to be left out: each
//! said only where it is true. What is found is held against what was done to the databases by hand.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use cofferdam_tests::cofferdam::Cofferdam;
use cofferdam_tests::command::Output;
use cofferdam_tests::servers::{Major, Postgresql};

const MINUTES: Duration = Duration::from_secs(300);
/// How long a verification waits between writing and reading its scratch database, and we have to change that.
const PAUSE: Duration = Duration::from_secs(4);

// The exit codes of `cofferdam --help`.
const DIFFERENT: i32 = 1;
const CORRUPT: i32 = 5;
const CANCELLED: i32 = 130;

const TABLES: &str = "
    CREATE TABLE customers (id int PRIMARY KEY, name text NOT NULL, town text,
        status varchar(9) DEFAULT 'new' CHECK (status IN ('new', 'old')));
    INSERT INTO customers SELECT i, 'n' || i, 't' || i FROM generate_series(1, 1000) i;
    CREATE TABLE orders (id serial PRIMARY KEY, customer int REFERENCES customers, amount numeric);
    INSERT INTO orders (customer, amount) SELECT i, i * 1.5 FROM generate_series(1, 500) i;
    CREATE INDEX orders_by_amount ON orders (amount);
    CREATE VIEW large_orders AS SELECT * FROM orders WHERE amount > 100;
    -- Restored, the columns of an heir come in another order: those of its parent first.
    CREATE TABLE parent (a int);
    CREATE TABLE heir (own text, a int);
    ALTER TABLE parent ADD COLUMN late text DEFAULT 'x';
    ALTER TABLE heir ADD COLUMN late text DEFAULT 'y', ALTER COLUMN a SET STATISTICS 7;
    ALTER TABLE heir INHERIT parent;
    INSERT INTO heir VALUES ('o', 1, 'l');
    SELECT lo_from_bytea(4711, 'large');
";

struct Scene {
    server: Postgresql,
    cofferdam: Cofferdam,
}

impl Scene {
    fn new() -> Self {
        Self::of(Major::V15, |server| server.sql("shop", TABLES).map(drop).unwrap())
    }

    fn of(major: Major, fill: impl FnOnce(&Postgresql)) -> Self {
        let server = Postgresql::start(major).unwrap();
        server.create_database("shop").unwrap();
        fill(&server);
        let mut cofferdam = Cofferdam::new().unwrap();
        cofferdam.add_instance("shop", &server, "shop").unwrap();
        cofferdam.initialize().unwrap();
        Self { server, cofferdam }
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.cofferdam.run(arguments, MINUTES).unwrap()
    }

    fn succeed(&self, arguments: &[&str]) -> Output {
        self.cofferdam.succeed(arguments, MINUTES).unwrap()
    }

    /// Begins to verify the latest backup, and waits until its scratch database is there; gives that one's name.
    fn verify(&self) -> (Child, BufReader<std::process::ChildStderr>, String) {
        let mut command = self.cofferdam.command(&["backups", "verify", "shop@latest", "--restore", "shop"]);
        command.env("COFFERDAM_PAUSE_AT", format!("scratch-restored={}", PAUSE.as_secs()));
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut told = String::new();
        while !told.contains("paused at scratch-restored") {
            assert_ne!(stderr.read_line(&mut told).unwrap(), 0, "it never came to the pause:\n{told}");
        }
        let name = self.server.sql("postgres", "SELECT datname FROM pg_database WHERE datname LIKE 'verify%'").unwrap();
        (child, stderr, name.trim().to_owned())
    }

    fn assert_nothing_left(&self) {
        let left = "SELECT datname FROM pg_database WHERE datname LIKE '%cofferdam%'";
        assert_eq!(self.server.sql("postgres", left).unwrap(), "");
    }

    /// Compares the database "shop" with another.
    fn compare(&self, other: &str) -> Output {
        self.run(&["compare", "shop", &format!("shop/{other}")])
    }
}

/// What is between the number of `kind` and the next brace, in the JSON of tallies.
fn tally<'a>(json: &'a str, kind: &str) -> &'a str {
    let from = json.split(&format!("{{\"kind\":\"{kind}\",")).nth(1).unwrap_or_else(|| panic!("no {kind} in {json}"));
    from.split('}').next().unwrap()
}

/// Every new database has the schema "public", whether it was chosen or not; whose it is still counts.
#[test]
fn a_backup_of_what_was_chosen_is_verified_by_that() {
    let scene = Scene::of(Major::V15, |server| {
        server
            .sql("shop", "CREATE SCHEMA app; CREATE TABLE app.orders AS SELECT 1 AS id; CREATE TABLE kept ()")
            .map(drop)
            .unwrap();
    });
    scene.succeed(&["backup", "shop", "--only", "app.orders"]);
    scene.succeed(&["backups", "verify", "shop@latest", "--restore", "shop"]);
    scene.succeed(&["backup", "shop"]);
    scene.server.sql("shop", "ALTER SCHEMA public OWNER TO postgres").unwrap();
    let compared = scene.run(&["compare", "shop@latest", "shop"]);
    assert_eq!(compared.status.code(), Some(DIFFERENT));
    assert!(compared.stdout.contains("SCHEMA \"public\""), "{}", compared.stdout);
}

#[test]
fn a_restored_backup_is_read_again_and_leaves_nothing() {
    let scene = Scene::new();
    scene.succeed(&["backup", "shop"]);
    // What happens to the source afterwards is no business of the backup's.
    scene.server.sql("shop", "DELETE FROM orders").unwrap();
    let verified = scene.succeed(&["backups", "verify", "shop@latest", "--restore", "shop"]);
    assert!(verified.stdout.contains("are the same"), "{}", verified.stdout);
    scene.assert_nothing_left();
}

#[test]
fn whatever_is_not_as_it_was_is_found() {
    let scene = Scene::new();
    scene.succeed(&["backup", "shop"]);
    for (tamper, found) in [
        ("UPDATE customers SET town = 'T7' WHERE id = 7", "public.customers"),
        ("DELETE FROM orders WHERE id = 8", "public.orders"),
        (
            "UPDATE customers c SET name = o.name FROM customers o WHERE c.id + o.id = 3 AND c.id IN (1, 2)",
            "public.customers",
        ),
        ("UPDATE customers SET name = town, town = name WHERE id = 9", "public.customers"),
        ("INSERT INTO heir SELECT * FROM heir", "public.heir"),
        ("DROP INDEX orders_by_amount", "orders_by_amount"),
        ("ALTER TABLE orders DROP CONSTRAINT orders_customer_fkey", "orders_customer_fkey"),
        ("ALTER TABLE customers DROP CONSTRAINT customers_status_check", "customers"),
        ("SELECT setval('orders_id_seq', 3)", "orders_id_seq"),
        ("SELECT lo_put(4711, 0, 'L')", "large-objects"),
        ("GRANT SELECT ON orders TO PUBLIC", "orders"),
    ] {
        let (child, mut stderr, scratch) = scene.verify();
        let paused = Instant::now();
        scene.server.sql(&scratch, tamper).unwrap();
        assert!(paused.elapsed() < PAUSE, "it was read before it was changed");
        let mut told = String::new();
        stderr.read_to_string(&mut told).unwrap();
        let output = child.wait_with_output().unwrap();
        let listed = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(CORRUPT), "{tamper}:\n{listed}{told}");
        // The head of the list, and the one difference.
        assert_eq!(listed.lines().count(), 2, "{tamper}:\n{listed}");
        assert!(listed.contains(found), "{tamper}:\n{listed}");
        assert!(told.contains("isn't what was backed up"), "{told}");
        scene.assert_nothing_left();
    }
}

#[test]
fn ctrl_c_takes_the_scratch_database_away() {
    let scene = Scene::new();
    scene.succeed(&["backup", "shop"]);
    let (child, _stderr, scratch) = scene.verify();
    assert!(scratch.starts_with("verify__cofferdam_"), "{scratch}");
    std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(CANCELLED));
    scene.assert_nothing_left();
}

#[test]
fn every_kind_of_object_is_the_same_after_a_restore() {
    let objects = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/databases/objects.sql"));
    for major in [Major::V15, Major::V17, Major::V18] {
        let scene = Scene::of(major, |server| server.run("shop", objects, &[]).map(drop).unwrap());
        scene.succeed(&["backup", "shop"]);
        let verified = scene.run(&["backups", "verify", "shop@latest", "--restore", "shop"]);
        assert!(verified.status.success(), "{major:?}:\n{}{}", verified.stdout, verified.stderr);
        scene.assert_nothing_left();
    }
}

#[test]
fn compare_names_what_differs_and_nothing_else() {
    let scene = Scene::new();
    scene.server.sql("postgres", "CREATE DATABASE other TEMPLATE shop").unwrap();
    let same = scene.compare("other");
    assert!(same.status.success(), "{}{}", same.stdout, same.stderr);
    for (change, differs) in [
        // Neither the order of rows nor that of columns makes a difference.
        ("UPDATE orders SET amount = amount", None),
        (
            "ALTER TABLE customers ADD town2 text; UPDATE customers SET town2 = town; ALTER TABLE customers DROP town;
          ALTER TABLE customers RENAME town2 TO town",
            None,
        ),
        // One value, two values of a row in each other's place, and one of two rows.
        ("UPDATE customers SET town = 'T7' WHERE id = 7", Some(("rows", "public.customers"))),
        (
            "UPDATE customers SET town = 't7' WHERE id = 7; UPDATE customers SET name = town, town = name WHERE id = 9",
            Some(("rows", "public.customers")),
        ),
        (
            "UPDATE customers SET name = town, town = name WHERE id = 9;
             UPDATE customers c SET name = o.name FROM customers o WHERE c.id + o.id = 3 AND c.id IN (1, 2)",
            Some(("rows", "public.customers")),
        ),
        ("UPDATE customers c SET name = o.name FROM customers o WHERE c.id + o.id = 3 AND c.id IN (1, 2)", None),
        ("ALTER TABLE parent RENAME a TO b", Some(("definition", "TABLE \"public\".\"parent\""))),
        ("ALTER TABLE parent RENAME b TO a; DELETE FROM orders WHERE id = 1", Some(("rows", "public.orders"))),
        (
            "INSERT INTO orders VALUES (1, 1, 1.5); ALTER VIEW large_orders OWNER TO CURRENT_USER; DROP VIEW large_orders",
            Some(("only in source", "VIEW \"public\".\"large_orders\"")),
        ),
        (
            "CREATE VIEW large_orders AS SELECT * FROM orders WHERE amount > 200",
            Some(("definition", "VIEW \"public\".\"large_orders\"")),
        ),
    ] {
        scene.server.sql("other", change).unwrap();
        let output = scene.compare("other");
        let Some((what, object)) = differs else {
            assert!(output.status.success(), "{change}:\n{}{}", output.stdout, output.stderr);
            continue;
        };
        assert_eq!(output.status.code(), Some(DIFFERENT), "{change}:\n{}{}", output.stdout, output.stderr);
        assert!(
            output.stdout.lines().any(|line| line.starts_with(what) && line.contains(object)),
            "{change}:\n{}",
            output.stdout
        );
    }
}

#[test]
fn a_backup_is_compared_with_a_database() {
    let scene = Scene::new();
    scene.succeed(&["backup", "shop"]);
    scene.succeed(&["compare", "shop@latest", "shop"]);
    scene.server.sql("shop", "UPDATE orders SET amount = 0 WHERE id = 1").unwrap();
    let output = scene.run(&["compare", "shop@latest", "shop", "--json"]);
    assert_eq!(output.status.code(), Some(DIFFERENT));
    let difference = "{\"object\":\"public.orders\",\"what\":\"rows\",\"source_rows\":500,\"target_rows\":500}";
    assert!(output.stdout.contains(difference), "{}", output.stdout);
}

#[test]
fn everything_is_carried_or_told_to_be_left_out() {
    let scene = Scene::new();
    scene
        .server
        .sql("shop", "CREATE ROLE reader; CREATE POLICY p ON orders TO reader; CREATE POLICY q ON orders")
        .unwrap();
    let made = scene.succeed(&["backup", "shop", "--json"]);
    assert_eq!(tally(&made.stdout, "table"), "\"counted\":4,\"carried\":4,\"left_out\":0,\"failed\":0");
    assert_eq!(tally(&made.stdout, "policy"), "\"counted\":2,\"carried\":2,\"left_out\":0,\"failed\":0");
    assert_eq!(tally(&made.stdout, "subscription"), "\"counted\":0,\"carried\":0,\"left_out\":0,\"failed\":0");
    let shown = scene.succeed(&["backups", "show", "shop@latest", "--json"]);
    // Nothing of a backup fails, so its manifest has no number for that.
    assert_eq!(tally(&shown.stdout, "table"), "\"counted\":4,\"carried\":4,\"left_out\":0");

    // Where a role is missing, what needs it is left out, and counted.
    let elsewhere = Scene::of(Major::V15, |_| {});
    let mut scene = scene;
    scene.cofferdam.add_instance("elsewhere", &elsewhere.server, "postgres").unwrap();
    let arguments = ["restore", "shop@latest", "--to", "elsewhere", "--database", "again", "--json"];
    let restored = scene.succeed(&arguments);
    assert_eq!(tally(&restored.stdout, "policy"), "\"counted\":2,\"carried\":1,\"left_out\":1,\"failed\":0");
    assert_eq!(tally(&restored.stdout, "table"), "\"counted\":4,\"carried\":4,\"left_out\":0,\"failed\":0");
    assert!(restored.stderr.contains("\"event\":\"report\""), "{}", restored.stderr);
    // What is left out for want of a role isn't what a verification complains of.
    scene.succeed(&["backups", "verify", "shop@latest", "--restore", "elsewhere"]);
    elsewhere.assert_nothing_left();
    // A comparison does.
    assert_eq!(scene.run(&["compare", "shop", "elsewhere/again"]).status.code(), Some(DIFFERENT));
}
