//! Who may do what: backups and restores by roles that aren't superusers, and what is found before anything is changed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use std::time::Duration;

use cofferdam_tests::cofferdam::Cofferdam;
use cofferdam_tests::command::Output;
use cofferdam_tests::compare::Portrait;
use cofferdam_tests::servers::{Major, Postgresql};

const MINUTES: Duration = Duration::from_secs(300);

/// What belongs to others and is hidden from others, and what only a superuser makes.
const SHOP: &str = "
    CREATE ROLE clerk; CREATE ROLE boss;
    CREATE EXTENSION hstore;
    CREATE SCHEMA app; REVOKE ALL ON SCHEMA app FROM PUBLIC;
    CREATE TABLE app.customers (id int PRIMARY KEY, traits public.hstore);
    CREATE TABLE app.orders (id serial PRIMARY KEY, customer int REFERENCES app.customers, total numeric CHECK (total >= 0));
    CREATE INDEX ON app.orders (total);
    CREATE MATERIALIZED VIEW app.totals AS SELECT count(*) FROM app.customers;
    INSERT INTO app.customers SELECT i, public.hstore('number', i::text) FROM generate_series(1, 10) AS i;
    INSERT INTO app.orders (customer, total) SELECT 1 + i % 10, i FROM generate_series(1, 100) AS i;
    REFRESH MATERIALIZED VIEW app.totals;
    ALTER TABLE app.orders ENABLE ROW LEVEL SECURITY; ALTER TABLE app.orders FORCE ROW LEVEL SECURITY;
    CREATE POLICY own ON app.orders USING (customer = 1);
    SELECT lo_from_bytea(4711, 'large');
    GRANT SELECT ON app.customers TO boss;
    ALTER SCHEMA app OWNER TO clerk; ALTER TABLE app.orders OWNER TO clerk; ALTER LARGE OBJECT 4711 OWNER TO clerk;
";

const FOR_SUPERUSERS: &str = "
    CREATE EXTENSION pageinspect;
    CREATE FUNCTION app.watch() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
    CREATE EVENT TRIGGER watch ON ddl_command_end EXECUTE FUNCTION app.watch();
    CREATE FOREIGN DATA WRAPPER elsewhere; CREATE SERVER there FOREIGN DATA WRAPPER elsewhere;
    GRANT EXECUTE ON FUNCTION pg_catalog.pg_ls_logdir() TO boss;
";

struct Scene {
    server: Postgresql,
    cofferdam: Cofferdam,
}

impl Scene {
    fn new(major: Major, more: &str) -> Self {
        let server = Postgresql::start(major).unwrap();
        server.create_database("shop").unwrap();
        server.sql("shop", SHOP).unwrap();
        server.sql("shop", more).unwrap();
        let mut cofferdam = Cofferdam::new().unwrap();
        cofferdam.add_instance("shop", &server, "shop").unwrap();
        cofferdam.initialize().unwrap();
        Self { server, cofferdam }
    }

    /// Makes a role, and an instance of its name that is the server as that role.
    fn add_role(&mut self, name: &str, options: &str, database: &str) {
        let make = format!("CREATE ROLE {name} LOGIN {options} PASSWORD 'makes things'");
        self.server.sql("postgres", &make).unwrap();
        self.add(name, &self.server.url(name, database), "makes things");
    }

    /// An instance that doesn't say whether superusers may restore.
    fn add(&mut self, name: &str, url: &str, password: &str) {
        let variable = name.to_uppercase();
        let add = format!(
            "[instances.{name}]\nengine = \"postgresql\"\nurl = \"{url}\"\npassword = {{ env = \"{variable}\" }}\n"
        );
        self.cofferdam.configure(&add).unwrap();
        self.cofferdam.set_secret(&variable, password);
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.cofferdam.run(arguments, MINUTES).unwrap()
    }

    fn succeed(&self, arguments: &[&str]) -> Output {
        self.cofferdam.succeed(arguments, MINUTES).unwrap()
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
}

fn assert_says(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "{word} isn't in: {text}");
    }
}

#[test]
fn a_superuser_restores_only_if_told() {
    let mut scene = Scene::new(Major::V15, "");
    let password = scene.server.password().to_owned();
    scene.add("strict", &scene.server.url("postgres", "postgres"), &password);
    scene.succeed(&["backup", "shop"]);
    let strict = ["restore", "shop@latest", "--to", "strict", "--database", "copy"];
    let refused = scene.run(&strict);
    assert!(!refused.status.success() && refused.stderr.contains("--as-superuser"), "{}", refused.stderr);
    assert_eq!(scene.databases(), "shop");
    scene.succeed(&[&strict[..], &["--as-superuser"]].concat());
    assert_eq!(scene.sql("copy", "SELECT count(*) FROM app.orders"), "100");
}

#[test]
fn a_role_that_reads_everything_and_that_no_row_is_hidden_from_backs_up_all_of_it() {
    let mut scene = Scene::new(Major::V15, FOR_SUPERUSERS);
    scene.add_role("reader", "BYPASSRLS IN ROLE pg_read_all_data", "shop");
    scene.succeed(&["instance", "check", "reader"]);
    scene.succeed(&["backup", "reader"]);
    scene.succeed(&["restore", "reader@latest", "--to", "shop", "--database", "copy"]);
    let (before, after) = ("shop", "copy");
    let (before, after) =
        (Portrait::take(&scene.server, before).unwrap(), Portrait::take(&scene.server, after).unwrap());
    assert!(before.rows() >= 110, "an empty database proves nothing");
    assert_eq!(before.differences(&after).unwrap(), Vec::<String>::new());
    assert_eq!(scene.sql("copy", "SELECT lo_get(4711)"), scene.sql("shop", "SELECT lo_get(4711)"));
}

#[test]
fn what_a_check_wants_is_granted_by_the_statements_that_it_gives() {
    for major in [Major::V13, Major::V15] {
        let mut scene = Scene::new(major, "");
        scene.add_role("reader", "", "shop");
        assert!(!scene.run(&["backup", "reader"]).status.success());
        let told = scene.run(&["instance", "check", "reader", "--json"]);
        assert!(!told.status.success(), "{major}: {}", told.stdout);
        let told: serde_json::Value = serde_json::from_str(&told.stdout).unwrap();
        let findings = told["findings"].as_array().unwrap();
        let blockers: Vec<&serde_json::Value> = findings.iter().filter(|one| one["severity"] == "blocker").collect();
        assert!(!blockers.is_empty());
        for blocker in blockers {
            scene.sql("shop", blocker["remedy"].as_str().unwrap());
        }
        // What couldn't be read before may be hidden now.
        let told = scene.run(&["instance", "check", "reader", "--json"]);
        let told: serde_json::Value = serde_json::from_str(&told.stdout).unwrap();
        for finding in told["findings"].as_array().unwrap().iter().filter(|one| one["severity"] == "blocker") {
            scene.sql("shop", finding["remedy"].as_str().unwrap());
        }
        scene.succeed(&["instance", "check", "reader"]);
        scene.succeed(&["backup", "reader"]);
        scene.succeed(&["restore", "reader@latest", "--to", "shop", "--database", "copy"]);
        assert_eq!(scene.sql("copy", "SELECT count(*), sum(total) FROM app.orders"), "100|5050");
    }
}

#[test]
fn a_role_that_makes_databases_restores_what_it_may_and_is_told_the_rest_before() {
    let mut scene = Scene::new(Major::V15, FOR_SUPERUSERS);
    scene.add_role("maker", "CREATEDB", "postgres");
    scene.succeed(&["backup", "shop"]);
    let restore = ["restore", "shop@latest", "--to", "maker", "--database", "copy"];
    let dry = scene.run(&[&restore[..], &["--dry-run"]].concat());
    assert!(!dry.status.success());
    let words = [
        "blocker: EXTENSION \"pageinspect\": only a superuser may make it",
        "left-out: event triggers: the restoring role may not make it: a superuser may",
        "left-out: privileges on the server's own objects: the restoring role may not make it: a superuser may",
        "blocker: FOREIGN DATA WRAPPER \"elsewhere\": only a superuser may make it",
        "--except 'foreign-data-wrapper:elsewhere'",
        "warning: ROLE \"clerk\": the restoring role isn't a member of it",
        "GRANT \"clerk\" TO \"maker\"",
    ];
    assert_says(&dry.stdout, &words);
    assert!(!dry.stdout.contains("hstore") && !dry.stdout.contains("boss"), "{}", dry.stdout);
    let refused = scene.run(&restore);
    assert!(!refused.status.success());
    assert_says(&refused.stderr, &["FOREIGN DATA WRAPPER", "pageinspect"]);
    assert_eq!(scene.databases(), "shop");

    let without = ["extension:pageinspect", "foreign-data-wrapper:elsewhere"];
    let without: Vec<&str> = without.iter().flat_map(|name| ["--except", name]).collect();
    let told = scene.succeed(&[&restore[..], &without].concat()).stderr;
    assert_says(&told, &["may not act as role clerk", "EVENT TRIGGER \"watch\"", "SERVER \"there\"", "pg_ls_logdir"]);
    assert_eq!(scene.sql("copy", "SELECT count(*), sum(total) FROM app.orders"), "100|5050");
    assert_eq!(scene.sql("copy", "SELECT (traits -> 'number')::int FROM app.customers WHERE id = 7"), "7");
    assert_eq!(scene.sql("copy", "SELECT relowner::regrole FROM pg_class WHERE oid = 'app.orders'::regclass"), "maker");
    assert_eq!(scene.sql("copy", "SELECT convert_from(lo_get(4711), 'UTF8')"), "large");

    // The statement that was told mends it.
    scene.sql("postgres", "GRANT \"clerk\" TO \"maker\"");
    let again = ["restore", "shop@latest", "--to", "maker", "--database", "copy2"];
    scene.succeed(&[&again[..], &without].concat());
    assert_eq!(
        scene.sql("copy2", "SELECT relowner::regrole FROM pg_class WHERE oid = 'app.orders'::regclass"),
        "clerk"
    );
}

/// A superuser may give somebody a table in a schema in which that one may make none; nobody else may.
#[test]
fn an_owner_who_could_not_have_made_the_table_fails_the_restore_which_leaves_nothing_and_says_what_to_do() {
    let more = "CREATE SCHEMA desk; CREATE TABLE desk.notes AS SELECT 1 AS a; ALTER TABLE desk.notes OWNER TO clerk";
    let mut scene = Scene::new(Major::V15, more);
    scene.add_role("maker", "CREATEDB IN ROLE clerk", "postgres");
    scene.succeed(&["backup", "shop"]);
    let restore = ["restore", "shop@latest", "--to", "maker", "--database", "copy"];
    let refused = scene.run(&restore);
    assert!(!refused.status.success());
    assert_says(&refused.stderr, &["TABLE \"desk\".\"notes\"", "permission denied for schema desk", "--no-owner"]);
    assert_eq!(scene.databases(), "shop");
    scene.succeed(&[&restore[..], &["--no-owner"]].concat());
    assert_eq!(scene.sql("copy", "SELECT a FROM desk.notes"), "1");
}

#[test]
fn what_the_target_lacks_is_found_before_anything_is_made() {
    let mut scene = Scene::new(Major::V15, "CREATE EXTENSION \"uuid-ossp\"");
    // This build has no uuid-ossp.
    let bare = Postgresql::start(Major::V17).unwrap();
    scene.cofferdam.add_instance("bare", &bare, "postgres").unwrap();
    scene.succeed(&["backup", "shop"]);
    let restore = ["restore", "shop@latest", "--to", "bare"];
    let dry = scene.run(&[&restore[..], &["--dry-run"]].concat());
    assert!(!dry.status.success());
    let words =
        ["blocker: EXTENSION \"uuid-ossp\"", "install its package", "CREATE ROLE \"clerk\"", "CREATE ROLE \"boss\""];
    assert_says(&dry.stdout, &words);
    let refused = scene.run(&restore);
    assert!(!refused.status.success() && refused.stderr.contains("uuid-ossp"), "{}", refused.stderr);
    let databases = "SELECT count(*) FROM pg_database WHERE datname ~ 'shop'";
    assert_eq!(bare.sql("postgres", databases).unwrap(), "0\n");
    bare.sql("postgres", "CREATE ROLE \"clerk\"; CREATE ROLE \"boss\"").unwrap();
    scene.succeed(&[&restore[..], &["--except", "extension:uuid-ossp"]].concat());
    assert_eq!(bare.sql("shop", "SELECT count(*) FROM app.orders").unwrap(), "100\n");
    let owner = "SELECT relowner::regrole FROM pg_class WHERE oid = 'app.orders'::regclass";
    assert_eq!(bare.sql("shop", owner).unwrap(), "clerk\n");
}
