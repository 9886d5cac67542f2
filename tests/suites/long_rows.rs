//! Rows whose text is too long for COPY: read in pieces, kept as the line that COPY would have made, and put together.
//!
//! What a server refuses takes gigabytes, so most of this lowers the limit from which on a row counts as long. Two tests
//! have rows that no server makes the text of.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use cofferdam_tests::cofferdam::Cofferdam;
use cofferdam_tests::command::{Output, run};
use cofferdam_tests::compare::assert_same;
use cofferdam_tests::memory_limit::MemoryLimit;
use cofferdam_tests::servers::{Major, Postgresql};

const MINUTES: Duration = Duration::from_secs(600);
/// Rows of more than 64 kB are long ones, and pieces 16 kB.
const LIMIT: &str = "long-row=64kB";
const DIFFERENT: i32 = 1;

/// Columns of every kind, some of whose values are long, beside tables that have none.
const TABLES: &str = r#"
    CREATE FUNCTION noise(n int, seed int) RETURNS text LANGUAGE sql IMMUTABLE AS
        $$ SELECT coalesce(string_agg(md5((i + seed)::text), '' ORDER BY i), '') FROM generate_series(1, n) i $$;
    CREATE DOMAIN file AS bytea NOT NULL CHECK (octet_length(value) < 10000000);
    CREATE DOMAIN inner_file AS file;
    CREATE DOMAIN words AS varchar(2000000) CHECK (value <> '');
    CREATE TYPE pair AS (a text, b bytea);
    CREATE TABLE kinds (
        id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        gone text,
        "Z bytes" bytea CHECK (octet_length("Z bytes") <> 7),
        plain bytea,
        body text NOT NULL DEFAULT 'none',
        short varchar(100000),
        padded char(5),
        made text GENERATED ALWAYS AS (md5(body)) STORED,
        file file,
        inner_file inner_file,
        words words,
        document json,
        binary_document jsonb,
        numbers int[],
        texts text[],
        pair pair,
        span tsvector,
        nothing text
    );
    ALTER TABLE kinds DROP gone, ALTER plain SET STORAGE EXTERNAL, ALTER texts SET STORAGE EXTERNAL;
    INSERT INTO kinds ("Z bytes", plain, body, short, padded, file, inner_file, words, document, binary_document, numbers,
        texts, pair, span)
    SELECT decode(noise(s * 900, 1), 'hex'), decode(noise(s * 3000, 2), 'hex'),
        -- Whatever COPY escapes, and characters of one to four bytes at every place that a piece may end at.
        repeat(E'\\ \t\r\n\b\f\v\\N ' || 'aöあ𝄞', s * 1500) || noise(s * 10, 3), noise(s * 300, 4), 'ab',
        decode(noise(s * 5, 5), 'hex'), decode(noise(s * 2500, 6), 'hex'), repeat('ü', s * 50000 + 1),
        ('{"a": "' || noise(s * 3000, 7) || '", "b":   1}')::json, ('{"a": "' || noise(s * 2500, 8) || '\n"}')::jsonb,
        (SELECT array_agg(i * 7919) FROM generate_series(1, s * 9000) i), ARRAY[noise(s * 2000, 9), E'"\\,{}', NULL],
        ROW(noise(s * 2000, 10), decode(noise(s * 1000, 11), 'hex'))::pair, to_tsvector('simple', noise(s * 50, 12))
    FROM unnest(ARRAY[1, 0, 2]) s;
    -- A long row of many short values, and one that is all in one value.
    INSERT INTO kinds (body, short, file, inner_file) VALUES (noise(1900, 13), noise(1000, 14), '\x00', ''),
        (noise(30000, 15), NULL, '\x', '');
    -- Of several pages, so that it can be read in parts.
    CREATE TABLE keyless AS SELECT i, noise(i % 40 * 150, i) AS "b""t", repeat('-', 300) AS rest FROM generate_series(1, 100) i;
    CREATE TABLE parted (id int, body text) PARTITION BY RANGE (id);
    CREATE TABLE first PARTITION OF parted FOR VALUES FROM (0) TO (10);
    CREATE TABLE second PARTITION OF parted FOR VALUES FROM (10) TO (20);
    INSERT INTO parted SELECT i, noise(i * 500, i) FROM generate_series(0, 19) i;
    CREATE TABLE parent (id int, body text); CREATE TABLE heir (own bytea) INHERITS (parent);
    INSERT INTO parent SELECT 1, noise(5000, 1); INSERT INTO heir SELECT 2, noise(5000, 2), decode(noise(9000, 3), 'hex');
    CREATE TABLE late (id int PRIMARY KEY, body text); INSERT INTO late SELECT i, noise(4000, i) FROM generate_series(1, 9) i;
    CREATE INDEX ON late (md5(body));
    DO $$ BEGIN FOR i IN 1..20 LOOP
        EXECUTE format('CREATE TABLE little_%s AS SELECT %s AS i, noise(%s, 1) AS body', i, i, i % 4 * 1500);
    END LOOP; END $$;
"#;

/// Values that the target is given in several pieces: those have 1 MiB.
const SEVERAL: &str = "
    CREATE TABLE several AS SELECT 1 AS id, noise(100000, 1) || repeat('ö', 9) AS body, decode(noise(150000, 2), 'hex') AS file;
";

struct Scene {
    server: Postgresql,
    cofferdam: Cofferdam,
}

impl Scene {
    fn new(major: Major, encoding: &str, tables: &str) -> Self {
        let server = Postgresql::start(major).unwrap();
        server.sql("postgres", &format!("CREATE DATABASE shop TEMPLATE template0 {encoding}")).unwrap();
        server.sql("shop", tables).unwrap();
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

    /// Backs up with the lower limit, and restores into a database "again". Rows that were read in pieces have the digests
    /// of those that COPY makes, which is what the comparisons read.
    fn there_and_back(&self, settings: &[&str]) {
        self.succeed(&[&["backup", "shop", "--set", LIMIT], settings].concat());
        self.succeed(&["backups", "verify", "shop@latest"]);
        self.succeed(&["compare", "shop@latest", "shop"]);
        self.succeed(&["restore", "shop@latest", "--to", "shop", "--database", "again"]);
        self.succeed(&["compare", "shop", "shop/again"]);
    }

    /// How many rows the backup has in pieces, of all tables.
    fn rows_in_pieces(&self) -> u64 {
        let shown = self.succeed(&["backups", "show", "shop@latest", "--json"]).stdout;
        let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
        let units = shown["units"].as_array().unwrap();
        let long = units.iter().filter(|unit| unit["name"].as_str().unwrap().ends_with("/long"));
        long.map(|unit| unit["rows"].as_u64().unwrap()).sum()
    }

    /// Keeps the server from copying the database by itself.
    fn somebody_connected(&self) -> Child {
        let mut user = self.server.client("psql", "shop").unwrap();
        user.args(["-X", "-c", "SELECT pg_sleep(3600)"]).stdout(Stdio::null()).spawn().unwrap()
    }
}

#[test]
fn rows_in_pieces_come_back_on_the_oldest_major_and_the_newest() {
    for major in [Major::V13, Major::V18] {
        let scene = Scene::new(major, "", &[TABLES, SEVERAL].concat());
        scene.there_and_back(&[]);
        assert_same((&scene.server, "shop"), (&scene.server, "again"));
        assert!(scene.rows_in_pieces() > 80, "{major:?}: {}", scene.rows_in_pieces());
    }
}

#[test]
fn tables_in_parts_have_their_long_rows_once() {
    // COPY writes XML without the encoding that it says of itself. Not every build of the server knows XML.
    let xml = "CREATE TABLE marked AS SELECT i, ('<?xml version=\"1.0\" encoding=\"UTF-8\"?><a>' || noise(i * 1500, i) || '</a>')::xml
        FROM generate_series(1, 3) i";
    let scene = Scene::new(Major::V15, "", &format!("{TABLES} {xml}"));
    scene.there_and_back(&["--set", "split-size=128kB"]);
    let shown = scene.succeed(&["backups", "show", "shop@latest", "--json"]).stdout;
    assert!(shown.contains("data/public.keyless/2") && shown.contains("data/public.keyless/long"), "{shown}");
    // Even if each row that has anything in TOAST is a long one.
    scene.succeed(&["backup", "shop", "--set", "long-row=1kB", "--jobs", "3"]);
    scene.succeed(&["compare", "shop@latest", "shop"]);
    scene.succeed(&["backups", "verify", "shop@latest", "--restore", "shop"]);
}

#[test]
fn a_clone_to_a_newer_major_and_one_beside_are_the_same() {
    let mut scene = Scene::new(Major::V15, "", TABLES);
    let newer = Postgresql::start(Major::V18).unwrap();
    scene.cofferdam.add_instance("newer", &newer, "postgres").unwrap();
    scene.succeed(&["clone", "shop", "newer", "--as", "shop", "--set", LIMIT]);
    let rows = "SELECT md5(string_agg(md5(k::text), '' ORDER BY id)) FROM kinds k";
    assert_eq!(scene.server.sql("shop", rows).unwrap(), newer.sql("shop", rows).unwrap());
    let mut user = scene.somebody_connected();
    scene.succeed(&["clone", "shop", "shop", "--as", "beside", "--set", LIMIT]);
    user.kill().unwrap();
    user.wait().unwrap();
    scene.succeed(&["compare", "shop", "shop/beside"]);
}

#[test]
fn psql_loads_rows_in_pieces() {
    let scene = Scene::new(Major::V15, "", &[TABLES, SEVERAL].concat());
    scene.succeed(&["backup", "shop", "--set", LIMIT]);
    scene.succeed(&["backups", "export", "shop@latest", "out"]);
    scene.server.create_database("target").unwrap();
    let mut psql = scene.server.client("psql", "target").unwrap();
    psql.args(["-X", "-f"]).arg(scene.cofferdam.folder().join("out/restore.sql"));
    let output = run(&mut psql, MINUTES).unwrap();
    assert!(output.status.success() && !output.stderr.contains("ERROR"), "{}", output.stderr);
    scene.succeed(&["compare", "shop", "shop/target"]);
}

#[test]
fn pieces_are_cut_in_every_encoding() {
    for (encoding, text) in [
        ("ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'", r"E'a\xff\xe3\x81\t\\\n\x80'"),
        ("ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'", r"E'a\xe4\xff\t\\'"),
        ("ENCODING 'EUC_JP' LC_COLLATE 'C' LC_CTYPE 'C'", r"E'a\xa4\xa2\x8e\xb1\x8f\xb0\xa1\t'"),
    ] {
        let name = encoding.split('\'').nth(1).unwrap();
        let tables = format!(
            "SET client_encoding = '{name}';
             CREATE TABLE t (id int PRIMARY KEY, a text, b varchar(500000), c text[], d bytea);
             ALTER TABLE t ALTER a SET STORAGE EXTERNAL, ALTER b SET STORAGE EXTERNAL, ALTER d SET STORAGE EXTERNAL;
             INSERT INTO t SELECT i, repeat({text}, i * 5000), repeat({text} || i, 9000), ARRAY[repeat({text}, 9000)],
                decode(repeat('00ff5c0a', 40000), 'hex') FROM generate_series(1, 5) i"
        );
        let scene = Scene::new(Major::V15, encoding, &tables);
        scene.there_and_back(&[]);
        assert_eq!(scene.rows_in_pieces(), 5, "{encoding}");
        let rows = "SELECT md5(string_agg(md5(t::text), '' ORDER BY id)) FROM t";
        assert_eq!(scene.server.sql("shop", rows).unwrap(), scene.server.sql("again", rows).unwrap(), "{encoding}");
    }
}

#[test]
fn long_rows_are_added_through_triggers_and_constraints_and_never_through_rules() {
    let scene = Scene::new(Major::V15, "", TABLES);
    scene.succeed(&["backup", "shop", "--set", LIMIT]);
    let append = ["restore", "shop@latest", "--to", "shop", "--if-exists", "append", "--only", "public.late"];
    let trigger = "TRUNCATE late; CREATE TABLE seen (id int, length int);
        CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN INSERT INTO public.seen VALUES (NEW.id, length(NEW.body)); RETURN NEW; END $$;
        CREATE TRIGGER see BEFORE INSERT ON late FOR EACH ROW EXECUTE FUNCTION see()";
    scene.server.sql("shop", trigger).unwrap();
    scene.succeed(&append);
    let seen = "SELECT count(*), min(length), max(length) FROM seen";
    assert_eq!(scene.server.sql("shop", seen).unwrap().trim(), "9|128000|128000");
    let rows = "SELECT md5(string_agg(body, '' ORDER BY id)) FROM late";
    let added = scene.server.sql("shop", rows).unwrap();
    scene.succeed(&["restore", "shop@latest", "--to", "shop", "--database", "again"]);
    assert_eq!(added, scene.server.sql("again", rows).unwrap());

    scene.server.sql("shop", "TRUNCATE late; ALTER TABLE late ADD CHECK (id < 9)").unwrap();
    let refused = scene.run(&append);
    assert!(!refused.status.success() && refused.stderr.contains("late_id_check"), "{}", refused.stderr);
    scene.server.sql("shop", "ALTER TABLE late DROP CONSTRAINT late_id_check").unwrap();
    scene.server.sql("shop", "CREATE RULE away AS ON INSERT TO late DO INSTEAD NOTHING").unwrap();
    let refused = scene.run(&append);
    assert!(!refused.status.success(), "{}", refused.stdout);
    for word in ["public\".\"late", "the rule away", "DISABLE RULE"] {
        assert!(refused.stderr.contains(word), "{word} isn't in:\n{}", refused.stderr);
    }
    assert_eq!(scene.server.sql("shop", "SELECT count(*) FROM late").unwrap().trim(), "0");

    scene.succeed(&[&append[..], &["--into-schema", "before"]].concat());
    let both = "SELECT count(*), sum(length(body)) FROM before.late";
    assert_eq!(scene.server.sql("shop", both).unwrap().trim(), "9|1152000");
}

#[test]
fn a_changed_byte_in_a_piece_is_found() {
    let scene = Scene::new(Major::V15, "", TABLES);
    scene.there_and_back(&[]);
    for change in [
        "UPDATE kinds SET plain = set_byte(plain, 40000, get_byte(plain, 40000) # 1) WHERE id = 1",
        "UPDATE kinds SET body = overlay(body PLACING 'x' FROM 20000 FOR 1) WHERE id = 3",
        "UPDATE kinds SET file = inner_file, inner_file = file WHERE id = 1",
        "UPDATE keyless k SET \"b\"\"t\" = o.\"b\"\"t\" FROM keyless o WHERE k.i + o.i = 77 AND k.i IN (38, 39)",
        "DELETE FROM heir",
    ] {
        let table = change.split_whitespace().find(|word| ["kinds", "keyless", "heir"].contains(word)).unwrap();
        let anew = "DROP DATABASE IF EXISTS changed; CREATE DATABASE changed TEMPLATE again";
        scene.server.sql("postgres", anew).unwrap();
        scene.server.sql("changed", change).unwrap();
        let output = scene.run(&["compare", "shop@latest", "shop/changed"]);
        assert_eq!(output.status.code(), Some(DIFFERENT), "{change}:\n{}{}", output.stdout, output.stderr);
        assert!(output.stdout.contains(&format!("public.{table}")), "{change}:\n{}", output.stdout);
        assert_eq!(output.stdout.lines().filter(|line| line.starts_with("rows")).count(), 1, "{}", output.stdout);
    }
}

#[test]
fn a_limit_that_is_none_is_refused() {
    let scene = Scene::new(Major::V15, "", "CREATE TABLE t (a int)");
    for (setting, words) in [("long-row=much", "isn't a size"), ("long-row=2GB", "can't be 2147483648 bytes")] {
        let output = scene.run(&["backup", "shop", "--set", setting]);
        assert!(!output.status.success() && output.stderr.contains(words), "{}", output.stderr);
    }
}

/// What no server makes the text of in one piece: a value, and a row of two that it would make.
const HUGE: &str = r"
    CREATE TABLE huge (id int PRIMARY KEY, a text COMPRESSION lz4, b text COMPRESSION lz4, c bytea COMPRESSION lz4);
    INSERT INTO huge VALUES (1, 'small', NULL, convert_to(repeat(E'\x01\n\\abcdef', 100000000), 'UTF8'));
    INSERT INTO huge VALUES (2, repeat('abcdefghij', 60000000), NULL, NULL);
    UPDATE huge SET b = repeat('0123456789', 60000000) WHERE id = 2;
    INSERT INTO huge SELECT i, 'small' FROM generate_series(3, 1000) i;
";

#[test]
fn a_value_of_900_megabytes_and_a_row_of_1200_come_back_in_bounded_memory() {
    let began = Instant::now();
    let scene = Scene::new(Major::V15, "", HUGE);
    scene.succeed(&["instance", "check", "shop"]);
    let limit = MemoryLimit::new(100 << 20);
    let within = |arguments: &[&str]| {
        let output = run(&mut limit.around(&scene.cofferdam.command(arguments)).unwrap(), MINUTES).unwrap();
        assert!(output.status.success(), "{arguments:?}: {:?}\n{}", output.status, output.stderr);
        println!("{arguments:?}: {:.1} s of {:.1} s", output.elapsed.as_secs_f64(), began.elapsed().as_secs_f64());
    };
    within(&["backup", "shop"]);
    assert_eq!(scene.rows_in_pieces(), 2);
    within(&["restore", "shop@latest", "--to", "shop", "--database", "again"]);
    let rows = "SELECT id, md5(a), md5(b), md5(c), octet_length(c) FROM huge WHERE id < 4 ORDER BY id";
    assert_eq!(scene.server.sql("shop", rows).unwrap(), scene.server.sql("again", rows).unwrap());
}

#[test]
fn a_value_that_can_not_be_carried_is_named_with_its_row() {
    let tables = "CREATE TABLE arrays (id int, list bytea[]);
        INSERT INTO arrays SELECT i, NULL FROM generate_series(1, 5) i;
        INSERT INTO arrays VALUES (6, ARRAY[decode(repeat('00', 300000000), 'hex'), decode(repeat('00', 300000000), 'hex')])";
    let scene = Scene::new(Major::V15, "", tables);
    for settings in [&[][..], &["--set", "long-row=16MB"]] {
        let output = scene.run(&[&["backup", "shop"], settings].concat());
        assert!(!output.status.success(), "{}", output.stdout);
        for word in ["\"public\".\"arrays\"", "list", "(0,6)", "1 GB", "--except"] {
            assert!(output.stderr.contains(word), "{word} isn't in:\n{}", output.stderr);
        }
    }
    scene.succeed(&["backup", "shop", "--except", "public.arrays"]);
}
