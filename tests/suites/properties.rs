//! Whatever an object is called and whatever is in a row, it comes back: names and values by chance, many at once.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use std::collections::BTreeSet;
use std::time::Duration;

use cofferdam_tests::cofferdam::Cofferdam;
use cofferdam_tests::compare::Portrait;
use cofferdam_tests::servers::{Major, Postgresql};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

const MINUTES: Duration = Duration::from_secs(300);
/// Each case is a clone of a database with a dozen names on two dozen kinds of objects, or with hundreds of values.
const CASES: usize = 3;

/// What has to be quoted, escaped or cut somewhere.
const PIECES: [&str; 24] = [
    "\"", "'", "\\", ".", "/", " ", "\n", "\t", "%", "%s", "%I", "$", "$$", "--", ";", "/*", "select", "USER", "a",
    "A", "ü", "漢", "🙂", "\u{1}",
];
/// Bytes of a name that PostgreSQL keeps.
const LONGEST: usize = 63;

fn pieces(rng: &mut StdRng, most: usize) -> String {
    let count = rng.random_range(0..=most);
    (0..count).map(|_| PIECES[rng.random_range(0..PIECES.len())]).collect()
}

fn name(rng: &mut StdRng) -> String {
    let most = if rng.random_bool(0.2) { 80 } else { 5 };
    let mut name = pieces(rng, most);
    while name.len() > LONGEST {
        name.pop();
    }
    if name.is_empty() { "table".to_owned() } else { name }
}

fn ident(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn literal(text: &str) -> String {
    format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

/// An object of each kind that has a name, all of the same name, in a schema of that name.
fn objects(name: &str) -> String {
    let (n, l) = (ident(name), literal(name));
    let body = literal(&format!("SELECT {l}"));
    format!(
        "CREATE SCHEMA {n};
         CREATE TYPE {n}.\"enum\" AS ENUM ({l});
         CREATE DOMAIN {n}.\"domain\" AS text DEFAULT {l} CONSTRAINT {n} CHECK (VALUE <> {l});
         CREATE TYPE {n}.\"composite\" AS ({n} integer);
         CREATE COLLATION {n}.{n} FROM \"C\";
         CREATE SEQUENCE {n}.\"sequence\";
         CREATE TABLE {n}.{n} (
             {n} integer CONSTRAINT \"key\" PRIMARY KEY, \"b b\" text COLLATE {n}.{n} DEFAULT {l}, \"c c\" {n}.\"enum\" DEFAULT {l},
             CONSTRAINT {n} CHECK (\"b b\" <> {l} || 'x')
         );
         CREATE INDEX ON {n}.{n} (\"b b\") WHERE \"b b\" <> {l};
         ALTER TABLE {n}.{n} ADD CONSTRAINT \"foreign key\" FOREIGN KEY ({n}) REFERENCES {n}.{n};
         CREATE VIEW {n}.\"view\" AS SELECT {n}, {l}::text AS text FROM {n}.{n};
         CREATE MATERIALIZED VIEW {n}.\"materialized view\" AS SELECT {l}::text AS {n};
         CREATE FUNCTION {n}.{n}({n} integer DEFAULT 5) RETURNS text LANGUAGE sql SET search_path = {n}, public AS {body};
         CREATE FUNCTION {n}.\"trigger\"() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
         CREATE TRIGGER {n} BEFORE INSERT ON {n}.{n} FOR EACH ROW EXECUTE FUNCTION {n}.\"trigger\"({l});
         CREATE RULE {n} AS ON UPDATE TO {n}.{n} DO ALSO NOTIFY {n}, {l};
         CREATE POLICY {n} ON {n}.{n} USING (\"b b\" = {l});
         CREATE STATISTICS {n}.{n} ON {n}, \"b b\" FROM {n}.{n};
         CREATE TEXT SEARCH DICTIONARY {n}.{n} (TEMPLATE = simple);
         CREATE TEXT SEARCH CONFIGURATION {n}.{n} (PARSER = \"default\");
         CREATE OPERATOR FAMILY {n}.{n} USING btree;
         CREATE CONVERSION {n}.{n} FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
         CREATE FOREIGN DATA WRAPPER {n};
         CREATE SERVER {n} FOREIGN DATA WRAPPER {n} OPTIONS (\"o o\" {l});
         CREATE FOREIGN TABLE {n}.\"foreign\" ({n} integer OPTIONS (\"o o\" {l})) SERVER {n} OPTIONS (\"o o\" {l});
         CREATE PUBLICATION {n} FOR TABLE ONLY {n}.{n};
         COMMENT ON COLUMN {n}.{n}.{n} IS {l};
         COMMENT ON TRIGGER {n} ON {n}.{n} IS {l};
         COMMENT ON CONSTRAINT {n} ON {n}.{n} IS {l};
         INSERT INTO {n}.{n} VALUES (1, {l}, {l});\n"
    )
}

/// Runs cases, each from a seed that its failure tells; `script` is what fills the database.
fn clone_of_each(script: impl Fn(&mut StdRng) -> String) {
    let server = Postgresql::start(Major::V15).unwrap();
    // On one server the server would copy, and nothing of ours would be tried.
    let other = Postgresql::start(Major::V15).unwrap();
    for case in 0..CASES {
        let seed: u64 = rand::rng().random();
        let (database, copy) = (format!("case_{case}"), format!("copy_{case}"));
        server.create_database(&database).unwrap();
        let script = script(&mut StdRng::seed_from_u64(seed));
        server.sql(&database, &script).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        let mut cofferdam = Cofferdam::new().unwrap();
        cofferdam.add_instance("server", &server, &database).unwrap();
        cofferdam.add_instance("other", &other, "postgres").unwrap();
        let cloned = cofferdam.succeed(&["clone", "server", "other", "--as", &copy], MINUTES);
        cloned.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        let before = Portrait::take(&server, &database).unwrap();
        let found = before.differences(&Portrait::take(&other, &copy).unwrap()).unwrap();
        assert!(found.is_empty(), "seed {seed}: {}", found.join("\n"));
    }
}

#[test]
fn an_object_of_any_name_comes_back() {
    clone_of_each(|rng| {
        let names: BTreeSet<String> = (0..12).map(|_| name(rng)).collect();
        names.iter().map(|name| objects(name)).collect()
    });
}

fn one_of(rng: &mut StdRng, values: &[&str]) -> String {
    values[rng.random_range(0..values.len())].to_owned()
}

/// An array whose first element needn't be number 1, of texts and NULLs.
fn array(rng: &mut StdRng) -> String {
    let items: Vec<String> = (0..rng.random_range(0..4))
        .map(|_| if rng.random_bool(0.3) { "NULL".to_owned() } else { literal(&pieces(rng, 3)) })
        .collect();
    if items.is_empty() {
        return "'{}'".to_owned();
    }
    let from = rng.random_range(-3..3);
    let to = from + i32::try_from(items.len()).unwrap() - 1;
    format!("('[{from}:{to}]=' || ARRAY[{}]::text[]::text)::text[]", items.join(", "))
}

/// A value for each column of `t`, as SQL.
fn row(rng: &mut StdRng) -> String {
    let float = f64::from_bits(rng.random());
    let float = if float.is_finite() { format!("'{float:e}'") } else { "'NaN'".to_owned() };
    let odd_float =
        one_of(rng, &["'-0'", "'NaN'", "'Infinity'", "'-Infinity'", "'5e-324'", "'1.7976931348623157e308'"]);
    let digits = |rng: &mut StdRng| {
        (0..rng.random_range(1..60)).map(|_| rng.random_range(0..10).to_string()).collect::<String>()
    };
    let numeric = if rng.random_bool(0.1) { "'NaN'".to_owned() } else { format!("'-{}.{}'", digits(rng), digits(rng)) };
    let bytes: String = (0..rng.random_range(0..40)).map(|_| format!("{:02x}", rng.random::<u8>())).collect();
    let dates = [
        "'infinity'",
        "'-infinity'",
        "'4713-01-01 BC'",
        "'294276-12-31 23:59:59.999999+00'",
        "'0001-01-01 BC'",
        "'1582-10-05'",
        "'2026-03-29 02:30:00.000001+02'",
    ];
    let values = [
        literal(&pieces(rng, 8)),
        format!("'\\x{bytes}'"),
        if rng.random_bool(0.3) { odd_float } else { float },
        numeric,
        one_of(rng, &dates),
        array(rng),
        format!("jsonb_build_object({}::text, ARRAY[1.50, NULL])", literal(&pieces(rng, 4).replace('\u{1}', ""))),
        one_of(rng, &["'empty'", "'(,)'", "'[1,5)'", "'(,7)'"]),
    ];
    let values = values.map(|value| if rng.random_bool(0.15) { "NULL".to_owned() } else { value });
    format!("({})", values.join(", "))
}

#[test]
fn a_row_of_any_values_comes_back() {
    clone_of_each(|rng| {
        let rows: Vec<String> = (0..rng.random_range(100..200)).map(|_| row(rng)).collect();
        let table =
            "CREATE TABLE t (a text, b bytea, c float8, d numeric, e timestamptz, f text[], g jsonb, h int4range);";
        // One statement each: a constant's type must be its column's, not that of the rows above it.
        let inserts: String = rows.iter().map(|row| format!("INSERT INTO t VALUES {row};\n")).collect();
        format!("{table}\n{inserts}")
    });
}
