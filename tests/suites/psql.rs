//! A backup of PostgreSQL, exported and loaded by psql alone.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use cofferdam_tests::cofferdam::Cofferdam;
use cofferdam_tests::command::{Output, run};
use cofferdam_tests::compare::assert_same;
use cofferdam_tests::servers::{Major, Postgresql};

const MINUTES: Duration = Duration::from_secs(300);

/// A server with a database "shop", and what backs it up.
struct Scene {
    server: Postgresql,
    cofferdam: Cofferdam,
}

impl Scene {
    fn new(major: Major) -> Self {
        Self::with(major, "")
    }

    /// `encoding` is more of CREATE DATABASE.
    fn with(major: Major, encoding: &str) -> Self {
        let server = Postgresql::start(major).unwrap();
        server.sql("postgres", &format!("CREATE DATABASE shop TEMPLATE template0 {encoding}")).unwrap();
        let mut cofferdam = Cofferdam::new().unwrap();
        cofferdam.add_instance("shop", &server, "shop").unwrap();
        cofferdam.initialize().unwrap();
        Self { server, cofferdam }
    }

    /// Backs up and exports.
    fn export(&self) -> PathBuf {
        self.cofferdam.succeed(&["backup", "shop"], MINUTES).unwrap();
        self.cofferdam.succeed(&["backups", "export", "shop@latest", "out"], MINUTES).unwrap();
        self.cofferdam.folder().join("out")
    }

    fn sql(&self, sql: &str) {
        self.server.sql("shop", sql).unwrap();
    }
}

/// As the script says, and from another folder than its own. psql reads no settings of a user's.
fn load(server: &Postgresql, database: &str, folder: &Path) -> Output {
    let mut psql = server.client("psql", database).unwrap();
    psql.args(["-X", "-f"]).arg(folder.join("restore.sql")).current_dir("/");
    run(&mut psql, MINUTES).unwrap()
}

fn loaded(server: &Postgresql, database: &str, folder: &Path) {
    let output = load(server, database, folder);
    assert!(output.status.success(), "{}", output.stderr);
    assert!(
        output.stdout.ends_with("Everything is loaded.\n") && !output.stderr.contains("ERROR"),
        "{}",
        output.stderr
    );
}

/// psql ended with the code of a script that was stopped, and nothing was made.
fn refused(server: &Postgresql, folder: &Path, words: &str) {
    let output = load(server, "target", folder);
    assert_eq!(output.status.code(), Some(3), "{}", output.stderr);
    assert!(output.stderr.contains(words), "{words:?} isn't in:\n{}", output.stderr);
    assert!(!output.stdout.contains("Everything is loaded."));
}

/// The files of rows, in the order in which they are loaded.
fn rows(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(folder.join("data")).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    files
}

/// The database with every kind of object, loaded beside itself and on a server that is new.
fn there_and_back(major: Major) {
    let scene = Scene::new(major);
    let objects = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/databases/objects.sql"));
    scene.server.run("shop", objects, &[]).unwrap();
    let folder = scene.export();
    scene.server.create_database("target").unwrap();
    loaded(&scene.server, "target", &folder);
    assert_same((&scene.server, "shop"), (&scene.server, "target"));
}

#[test]
fn psql_loads_every_kind_of_object_on_15() {
    there_and_back(Major::V15);
}

#[test]
fn psql_loads_every_kind_of_object_on_17() {
    there_and_back(Major::V17);
}

#[test]
fn psql_loads_every_kind_of_object_on_18() {
    there_and_back(Major::V18);
}

/// The names that got out of dumps: behind a line break in a comment (CVE-2012-0868, CVE-2025-8715), and whatever psql
/// would obey (CVE-2025-8714).
#[test]
fn no_name_or_value_runs_a_command() {
    let scene = Scene::new(Major::V15);
    let file = scene.cofferdam.folder().join("owned");
    let touch = format!("\\! touch {}", file.display());
    for (n, end) in ["\n", "\r", "\r\n", "\n\\.\n", "\n\\q\n", "`", "\u{85}", "\u{2028}"].into_iter().enumerate() {
        let evil = format!("{n}{end}{touch}{end}\\.");
        let quoted = format!("\"{evil}\"");
        // In names that are cut at 63 bytes nothing fits, so the folder's name is kept out of them.
        let short = format!("\"{n}{end}\\! touch owned{end}\\.\"");
        scene.sql(&format!(
            "CREATE SCHEMA {short};
             CREATE TABLE {short}.{short} ({short} text PRIMARY KEY DEFAULT $$ {evil} $$, CONSTRAINT {short} CHECK ({short} <> ''));
             CREATE INDEX \"i{n}{end}\\! touch owned\" ON {short}.{short} (lower({short}));
             CREATE FUNCTION {short}.{short}() RETURNS text LANGUAGE sql AS $function$ SELECT $${evil}$$::text $function$;
             CREATE TYPE {short}.e AS ENUM ({short_literal});
             CREATE VIEW {short}.v AS SELECT $${evil}$$::text AS {short};
             COMMENT ON TABLE {short}.{short} IS $${evil}$$;
             INSERT INTO {short}.{short} VALUES ($${evil}$$), ($$\\.$$), ($${quoted}$$);",
            short_literal = short.replace('"', "'"),
        ));
    }
    scene.sql("CREATE TABLE \"\\! touch owned\" AS SELECT '\\! touch owned'::text AS a");
    let folder = scene.export();
    scene.server.create_database("target").unwrap();
    let mut psql = scene.server.client("psql", "target").unwrap();
    psql.args(["-X", "-f"]).arg(folder.join("restore.sql")).current_dir(scene.cofferdam.folder());
    let output = run(&mut psql, MINUTES).unwrap();
    assert!(!file.exists(), "a command was run");
    assert!(output.status.success(), "{}", output.stderr);
    assert_same((&scene.server, "shop"), (&scene.server, "target"));
    // Every line that psql reads as a command is one of ours.
    for script in fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()).filter(|path| path.is_file()) {
        let name = script.file_name().unwrap().to_string_lossy().into_owned();
        assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || "._-%".contains(c)), "{name}");
    }
}

#[test]
fn a_role_that_is_missing_is_named_before_anything_is_made() {
    let scene = Scene::new(Major::V15);
    scene.sql("CREATE ROLE \"the owner\"; CREATE TABLE t AS SELECT 1 AS a; ALTER TABLE t OWNER TO \"the owner\"");
    let folder = scene.export();
    let other = Postgresql::start(Major::V15).unwrap();
    other.create_database("target").unwrap();
    refused(&other, &folder, "CREATE ROLE \"the owner\";");
    assert_eq!(other.sql("target", "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").unwrap(), "0\n");
    other.sql("postgres", "CREATE ROLE \"the owner\"").unwrap();
    loaded(&other, "target", &folder);
    assert_same((&scene.server, "shop"), (&other, "target"));
}

#[test]
fn a_database_with_something_in_it_is_refused() {
    let scene = Scene::new(Major::V15);
    scene.sql("CREATE TABLE t AS SELECT 1 AS a");
    let folder = scene.export();
    scene.server.create_database("target").unwrap();
    scene.server.sql("target", "CREATE SCHEMA s; CREATE TABLE s.precious (a int)").unwrap();
    refused(&scene.server, &folder, "database target is not empty: it has s.precious");
}

#[test]
fn a_file_that_was_cut_off_or_is_gone_is_an_error() {
    let scene = Scene::new(Major::V15);
    // No key, no index: the rows are the last that is loaded but for statistics.
    scene.sql("CREATE TABLE t AS SELECT generate_series(1, 1000) AS a");
    let folder = scene.export();
    let mut files: Vec<_> = fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.retain(|file| file.is_file() && !file.ends_with("restore.sql"));
    files.extend(rows(&folder));
    assert!(files.len() >= 3, "{files:?}");
    for file in files {
        let whole = fs::read(&file).unwrap();
        // At the end of a line, so that nothing but what is missing tells it.
        let cut = whole[..whole.len() / 2].iter().rposition(|byte| *byte == b'\n').unwrap_or_default();
        for left in [&whole[..cut], &whole[..0]] {
            fs::write(&file, left).unwrap();
            scene.server.sql("postgres", "DROP DATABASE IF EXISTS target").unwrap();
            scene.server.create_database("target").unwrap();
            let output = load(&scene.server, "target", &folder);
            let told = output.stdout.contains("Everything is loaded.");
            assert!(!output.status.success() && !told, "{} of {}", left.len(), file.display());
        }
        fs::write(&file, whole).unwrap();
    }
}

#[test]
fn other_encodings_are_loaded_as_they_were() {
    let scene = Scene::with(Major::V15, "ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'");
    scene.sql("CREATE TABLE \"größe\" (\"ß\" text DEFAULT 'ü'); INSERT INTO \"größe\" VALUES ('é'), (DEFAULT)");
    let folder = scene.export();
    // As the script itself says that the database is made.
    let script = fs::read_to_string(folder.join("restore.sql")).unwrap();
    let create = script.lines().find_map(|line| line.strip_prefix("--     CREATE DATABASE")).unwrap();
    scene.server.sql("postgres", &format!("CREATE DATABASE{}", create.replace("\"shop\"", "target"))).unwrap();
    loaded(&scene.server, "target", &folder);
    assert_same((&scene.server, "shop"), (&scene.server, "target"));
    // And where the target has another one.
    scene.server.create_database("unicode").unwrap();
    loaded(&scene.server, "unicode", &folder);
    assert_eq!(scene.server.sql("unicode", "SELECT \"ß\" FROM \"größe\" ORDER BY 1").unwrap(), "é\nü\n");
}

#[test]
fn bytes_of_no_encoding_are_loaded_as_they_were() {
    let scene = Scene::with(Major::V15, "ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'");
    scene.sql("CREATE TABLE t AS SELECT E'a\\377\\200'::text AS a");
    let folder = scene.export();
    let create = "CREATE DATABASE target TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'";
    scene.server.sql("postgres", create).unwrap();
    loaded(&scene.server, "target", &folder);
    assert_eq!(
        scene.server.sql("target", "SELECT encode(convert_to(a, 'SQL_ASCII'), 'hex') FROM t").unwrap(),
        "61ff80\n"
    );
}
