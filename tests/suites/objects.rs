//! Every kind of object: upwards between majors, and what a database has beside its schema.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use cofferdam_tests::cofferdam::Cofferdam;
use cofferdam_tests::command::succeed;
use cofferdam_tests::compare::Portrait;
use cofferdam_tests::servers::{Major, Postgresql};

const MINUTES: Duration = Duration::from_secs(300);

/// From which size on a table is read in parts, and its indexes are built side by side.
const USUAL: &str = "split-size=256MB";
/// So that every table with rows is.
const LARGE: &str = "split-size=1kB";

/// A server with the roles and the tablespace of the golden database.
fn server(major: Major) -> Postgresql {
    let server = Postgresql::start(major).unwrap();
    let made = "CREATE ROLE \"golden owner\"; CREATE ROLE golden_reader; CREATE ROLE golden_writer;
        SET allow_in_place_tablespaces = on;
        CREATE TABLESPACE \"golden space\" LOCATION '';";
    server.sql("postgres", made).unwrap();
    server
}

fn copier(source: &Postgresql, target: &Postgresql) -> Cofferdam {
    let mut cofferdam = Cofferdam::new().unwrap();
    cofferdam.add_instance("source", source, "shop").unwrap();
    cofferdam.add_instance("target", target, "postgres").unwrap();
    cofferdam
}

/// What the target's own `pg_dump` makes of the source, loaded by `psql`.
fn reference(source: &Postgresql, target: &Postgresql, database: &str) {
    let mut dump = Command::new(target.major().client("pg_dump").unwrap());
    source.connect(&mut dump, "shop");
    let text: String = succeed(&mut dump, MINUTES).unwrap().split_inclusive('\n').map(without_mark).collect();
    let script = tempfile::Builder::new().suffix(".sql").tempfile().unwrap();
    fs::write(script.path(), text).unwrap();
    target.create_database(database).unwrap();
    target.run(database, script.path(), &[]).unwrap();
}

/// Debian's 15.20 keeps a mark of its own among the options of columns, `pg_attver=NUMBER`, which no other server takes.
fn without_mark(line: &str) -> String {
    let Some((before, after)) = line.split_once("pg_attver=") else { return line.to_owned() };
    let rest = after.trim_start_matches(|c: char| c.is_ascii_digit());
    match before.strip_suffix("SET (") {
        // The statement may have begun on another line, so it can't be left out, but be made to do nothing.
        Some(before) if rest.starts_with(')') => format!("{before}RESET (n_distinct{rest}"),
        _ => format!("{before}{}", rest.trim_start_matches(", ")),
    }
}

/// Clones the golden database to a newer major, where it must be what that major's tools make of it. Tables from `split`
/// on are taken for large ones.
fn upwards(from: Major, to: Major, split: &str) {
    let (source, target) = (server(from), server(to));
    source.create_database("shop").unwrap();
    let golden = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/databases/objects.sql"));
    source.run("shop", golden, &[("portable", "on")]).unwrap();
    // psql would trip over the one; of the other, pg_dump changes the order of columns, and we don't.
    source.sql("shop", "ALTER EVENT TRIGGER refuse DISABLE; DROP TABLE public.joined_later").unwrap();
    reference(&source, &target, "reference");
    let cofferdam = copier(&source, &target);
    cofferdam.succeed(&["clone", "source", "target", "--as", "cloned", "--set", split], MINUTES).unwrap();
    let (wanted, got) = (Portrait::take(&target, "reference").unwrap(), Portrait::take(&target, "cloned").unwrap());
    assert!(wanted.relations() > 50 && wanted.rows() > 5000, "an empty database proves nothing");
    let differences = wanted.differences(&got).unwrap();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn a_database_of_13_becomes_one_of_15() {
    upwards(Major::V13, Major::V15, LARGE);
}

#[test]
fn a_database_of_13_becomes_one_of_18() {
    upwards(Major::V13, Major::V18, USUAL);
}

#[test]
fn a_database_of_15_becomes_one_of_17() {
    upwards(Major::V15, Major::V17, USUAL);
}

#[test]
fn a_database_of_15_becomes_one_of_18() {
    upwards(Major::V15, Major::V18, LARGE);
}

#[test]
fn a_database_of_17_becomes_one_of_18() {
    upwards(Major::V17, Major::V18, LARGE);
}

#[test]
fn what_no_dump_brings_back_is_carried() {
    let (source, target) = (server(Major::V18), server(Major::V18));
    source.create_database("shop").unwrap();
    source
        .sql(
            "shop",
            "CREATE EXTENSION btree_gist;
             CREATE TABLE booked (room integer, during daterange, CONSTRAINT \"its \"\"key\" PRIMARY KEY (room, during WITHOUT OVERLAPS)) PARTITION BY LIST (room);
             CREATE TABLE booked_1 PARTITION OF booked FOR VALUES IN (1);
             CREATE TABLE booked_2 PARTITION OF booked FOR VALUES IN (2) PARTITION BY LIST (room);
             CREATE TABLE booked_2_2 PARTITION OF booked_2 FOR VALUES IN (2);
             ALTER TABLE booked ADD CONSTRAINT apart EXCLUDE USING gist (room WITH =, during WITH -|-) WHERE (room > 0);
             ALTER INDEX booked_1_pkey RENAME TO \"its own, it's\";
             COMMENT ON CONSTRAINT \"its own, it's\" ON booked_1 IS 'of the partition';
             CREATE TABLE guests (room integer, during daterange, FOREIGN KEY (room, PERIOD during) REFERENCES booked (room, PERIOD during));
             INSERT INTO booked VALUES (1, '[2026-01-01,2026-02-01)'), (2, '[2026-01-01,2026-02-01)');
             INSERT INTO guests VALUES (1, '[2026-01-05,2026-01-06)');
             CREATE TABLE doubled (a integer, b integer GENERATED ALWAYS AS (a * 2) STORED, c integer GENERATED ALWAYS AS (a * 2) VIRTUAL);
             CREATE TABLE tripled () INHERITS (doubled);
             ALTER TABLE ONLY tripled ALTER b SET EXPRESSION AS (a * 3), ALTER c SET EXPRESSION AS (a * 3);
             INSERT INTO tripled VALUES (1);
             CREATE TABLE stored_oddly (a text, b text);
             CREATE TABLE stored_as_usual () INHERITS (stored_oddly);
             ALTER TABLE ONLY stored_oddly ALTER a SET STORAGE EXTERNAL, ALTER b SET STORAGE MAIN;
             COMMENT ON SCHEMA public IS NULL;",
        )
        .unwrap();
    let cofferdam = copier(&source, &target);
    cofferdam.succeed(&["clone", "source", "target", "--as", "cloned"], MINUTES).unwrap();
    let (wanted, got) = (Portrait::take(&source, "shop").unwrap(), Portrait::take(&target, "cloned").unwrap());
    assert_eq!(wanted.differences(&got).unwrap(), Vec::<String>::new());
}

#[test]
fn the_indexes_of_a_large_table_are_built_side_by_side_and_are_what_they_were() {
    let server = server(Major::V15);
    server.create_database("shop").unwrap();
    server
        .sql(
            "shop",
            "CREATE TABLE \"odd \"\"name\" (
                 a integer CONSTRAINT \"its \"\"key\" PRIMARY KEY WITH (fillfactor = 70), b integer NOT NULL, c text, d int4range,
                 CONSTRAINT once UNIQUE NULLS NOT DISTINCT (b) INCLUDE (c), CONSTRAINT later UNIQUE (a, b) DEFERRABLE,
                 EXCLUDE USING gist (d WITH &&)
             );
             INSERT INTO \"odd \"\"name\" SELECT i, -i, i, int4range(i, i + 1) FROM generate_series(1, 1000) AS i;
             CREATE INDEX plain ON \"odd \"\"name\" (c DESC NULLS LAST) WHERE b < 0;
             CREATE UNIQUE INDEX known ON \"odd \"\"name\" (b) TABLESPACE \"golden space\";
             CREATE INDEX expressed ON \"odd \"\"name\" (lower(c)); ALTER INDEX expressed ALTER COLUMN 1 SET STATISTICS 7;
             ALTER TABLE \"odd \"\"name\" CLUSTER ON once, REPLICA IDENTITY USING INDEX known;
             COMMENT ON CONSTRAINT once ON \"odd \"\"name\" IS 'once'; COMMENT ON INDEX plain IS 'plain';
             CREATE TABLE other (b integer REFERENCES \"odd \"\"name\" (b));",
        )
        .unwrap();
    let cofferdam = copier(&server, &server);
    cofferdam.initialize().unwrap();
    let backup = cofferdam.succeed(&["backup", "source", "--set", LARGE, "--json"], MINUTES).unwrap();
    assert!(
        backup.stderr.contains("indexes/public.odd%20%22name/5"),
        "they aren't units of their own: {}",
        backup.stderr
    );
    cofferdam.succeed(&["restore", "latest", "--to", "target", "--database", "again"], MINUTES).unwrap();
    let (wanted, got) = (Portrait::take(&server, "shop").unwrap(), Portrait::take(&server, "again").unwrap());
    assert_eq!(wanted.differences(&got).unwrap(), Vec::<String>::new());
    cofferdam.succeed(&["compare", "source@latest", "source"], MINUTES).unwrap();
    cofferdam.succeed(&["backups", "verify", "latest", "--restore", "target"], MINUTES).unwrap();
}

/// What no dump of a schema shows: the database's own, what is broken off, and what only a provider can make.
#[test]
fn what_is_the_databases_own_comes_along() {
    let (source, target) = (server(Major::V15), server(Major::V15));
    source.create_database("shop").unwrap();
    source
        .sql(
            "shop",
            "ALTER DATABASE shop OWNER TO \"golden owner\";
             COMMENT ON DATABASE shop IS '100% ours';
             ALTER DATABASE shop CONNECTION LIMIT 7;
             REVOKE CONNECT ON DATABASE shop FROM PUBLIC;
             GRANT CREATE ON DATABASE shop TO golden_writer WITH GRANT OPTION;
             ALTER DATABASE shop SET work_mem = '7MB';
             ALTER ROLE golden_reader IN DATABASE shop SET search_path = \"a b\", public;
             CREATE TABLE unsure (a integer); CREATE TABLE sure () INHERITS (unsure);
             ALTER TABLE unsure ADD CONSTRAINT positive CHECK (a > 0) NOT VALID;
             ALTER TABLE sure VALIDATE CONSTRAINT positive;
             CREATE TABLE left_by (a integer) PARTITION BY LIST (a);
             CREATE TABLE leaving PARTITION OF left_by FOR VALUES IN (1);
             INSERT INTO leaving VALUES (1);
             SET allow_system_table_mods = on;
             UPDATE pg_inherits SET inhdetachpending = true WHERE inhrelid = 'leaving'::regclass;
             INSERT INTO pg_seclabel VALUES ('sure'::regclass, 'pg_class'::regclass, 0, 'nobody', 'secret');
             CREATE AGGREGATE how_many(*) (SFUNC = int8inc, STYPE = int8, INITCOND = '0');
             INSERT INTO pg_seclabel VALUES ('how_many'::regproc, 'pg_proc'::regclass, 0, 'nobody', 'secret');
             CREATE SUBSCRIPTION far CONNECTION 'host=192.0.2.1' PUBLICATION p WITH (connect = false, slot_name = NONE);
             INSERT INTO pg_shseclabel SELECT oid, 'pg_subscription'::regclass, 'nobody', 'secret' FROM pg_subscription;",
        )
        .unwrap();
    let cofferdam = copier(&source, &target);
    let said = cofferdam.succeed(&["clone", "source", "target"], MINUTES).unwrap().stderr;
    for note in ["SECURITY LABEL", "being detached", "\"how_many\"(*)", "ON SUBSCRIPTION \"far\""] {
        assert!(said.contains(note), "{note} isn't told:\n{said}");
    }
    let own = "SELECT pg_get_userbyid(datdba), datconnlimit, datacl, shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = 'shop';
        SELECT setrole::regrole, setconfig FROM pg_db_role_setting AS s JOIN pg_database AS d ON d.oid = s.setdatabase WHERE datname = 'shop' ORDER BY 1;
        SELECT conrelid::regclass, convalidated FROM pg_constraint WHERE conname = 'positive' ORDER BY 1;
        SELECT count(*) FROM leaving; SELECT count(*) FROM left_by";
    assert_eq!(source.sql("shop", own).unwrap(), target.sql("shop", own).unwrap());
    assert!(target.sql("shop", own).unwrap().contains("100% ours"));
}

#[test]
fn a_database_without_the_schema_public_comes_back_without_it() {
    let server = server(Major::V15);
    for database in ["shop", "other"] {
        server.create_database(database).unwrap();
    }
    server.sql("shop", "DROP SCHEMA public; CREATE SCHEMA app; CREATE TABLE app.t (a integer)").unwrap();
    let cofferdam = copier(&server, &server);
    cofferdam.initialize().unwrap();
    cofferdam.succeed(&["backup", "source"], MINUTES).unwrap();
    cofferdam.succeed(&["backups", "verify", "latest", "--restore", "target"], MINUTES).unwrap();
    let restore = ["restore", "latest", "--to", "target", "--database"];
    cofferdam.succeed(&[&restore[..], &["again"]].concat(), MINUTES).unwrap();
    cofferdam.succeed(&[&restore[..], &["other", "--if-exists", "append"]].concat(), MINUTES).unwrap();
    let there = "SELECT count(to_regnamespace('public')), count(to_regclass('app.t')) FROM generate_series(1, 1)";
    assert_eq!(server.sql("again", there).unwrap(), "0|1\n");
    assert_eq!(server.sql("other", there).unwrap(), "1|1\n", "what is there isn't dropped");
}

#[test]
fn the_keys_of_partitions_of_partitions_are_valid_in_the_end() {
    let server = server(Major::V15);
    server.create_database("shop").unwrap();
    server
        .sql(
            "shop",
            "DO $$
             BEGIN
                 FOR r IN 1 .. 6 LOOP
                     EXECUTE format('CREATE TABLE root_%s (a integer PRIMARY KEY) PARTITION BY RANGE (a)', r);
                     FOR m IN 1 .. 6 LOOP
                         EXECUTE format('CREATE TABLE mid_%s_%s PARTITION OF root_%s FOR VALUES FROM (%s) TO (%s) PARTITION BY RANGE (a)', r, m, r, m, m + 1);
                         EXECUTE format('CREATE TABLE leaf_%s_%s PARTITION OF mid_%s_%s DEFAULT', r, m, r, m);
                     END LOOP;
                     EXECUTE format('CREATE TABLE refers_%s (a integer REFERENCES root_%s)', r, r);
                 END LOOP;
             END $$",
        )
        .unwrap();
    let cofferdam = copier(&server, &server);
    cofferdam.initialize().unwrap();
    let backup = cofferdam.succeed(&["backup", "source", "--json"], MINUTES).unwrap();
    assert!(backup.stderr.contains("attached-indexes/public.root_1"), "each is attached by itself: {}", backup.stderr);
    cofferdam.succeed(&["restore", "latest", "--to", "target", "--database", "again"], MINUTES).unwrap();
    let invalid = "SELECT count(*) FROM pg_index WHERE NOT indisvalid";
    assert_eq!(server.sql("again", invalid).unwrap(), "0\n");
    let one = ["restore", "latest", "--to", "target", "--database", "one", "--only", "public.mid_1_1"];
    cofferdam.succeed(&one, MINUTES).unwrap();
    assert_eq!(server.sql("one", invalid).unwrap(), "0\n");
}

#[test]
fn a_partition_comes_without_its_parent() {
    let server = server(Major::V18);
    server.create_database("shop").unwrap();
    server
        .sql(
            "shop",
            "CREATE EXTENSION btree_gist;
             CREATE TABLE whole (a integer PRIMARY KEY, b int4range, EXCLUDE USING gist (a WITH =, b WITH &&)) PARTITION BY LIST (a);
             CREATE TABLE part PARTITION OF whole FOR VALUES IN (1);
             INSERT INTO whole VALUES (1, '[1,2)');",
        )
        .unwrap();
    let cofferdam = copier(&server, &server);
    cofferdam.initialize().unwrap();
    cofferdam.succeed(&["backup", "source"], MINUTES).unwrap();
    let restore = ["restore", "latest", "--to", "target", "--database", "again", "--only", "public.part"];
    let said = cofferdam.succeed(&restore, MINUTES).unwrap().stderr;
    assert!(said.contains("\"whole\", which wasn't chosen"), "{said}");
    let indexes =
        "SELECT relname FROM pg_class WHERE relkind = 'i' AND relnamespace = 'public'::regnamespace ORDER BY 1";
    assert_eq!(server.sql("again", indexes).unwrap(), "part_a_b_excl\npart_pkey\n");
}

#[test]
fn a_tablespace_is_kept_mapped_or_dropped() {
    let (source, target) = (server(Major::V15), Postgresql::start(Major::V15).unwrap());
    let made = "SET allow_in_place_tablespaces = on; CREATE TABLESPACE other LOCATION '';";
    target.sql("postgres", made).unwrap();
    source.create_database("shop").unwrap();
    source
        .sql("shop", "CREATE TABLE t (a integer PRIMARY KEY USING INDEX TABLESPACE \"golden space\") TABLESPACE \"golden space\"")
        .unwrap();
    let cofferdam = copier(&source, &target);
    let places = "SELECT coalesce(string_agg(s.spcname, ' '), 'none') FROM pg_class AS c
        JOIN pg_tablespace AS s ON s.oid = c.reltablespace WHERE c.relname IN ('t', 't_pkey')";
    let said = cofferdam.succeed(&["clone", "source", "target", "--as", "dropped"], MINUTES).unwrap().stderr;
    assert!(said.contains("TABLESPACE \"golden space\""), "{said}");
    assert_eq!(target.sql("dropped", places).unwrap(), "none\n");
    let map = ["clone", "source", "target", "--as", "mapped", "--set", "tablespace=golden space=other"];
    cofferdam.succeed(&map, MINUTES).unwrap();
    assert_eq!(target.sql("mapped", places).unwrap(), "other other\n");
    let wrong = ["clone", "source", "target", "--as", "wrong", "--set", "tablespace=golden space=nowhere"];
    let refused = cofferdam.run(&wrong, MINUTES).unwrap();
    assert!(!refused.status.success() && refused.stderr.contains("nowhere"), "{}", refused.stderr);
}

#[test]
fn what_is_granted_on_what_a_newer_server_has_no_more_is_told() {
    let (source, target) = (server(Major::V13), server(Major::V15));
    source.create_database("shop").unwrap();
    source
        .sql(
            "shop",
            "GRANT EXECUTE ON FUNCTION pg_catalog.pg_start_backup(text, boolean, boolean), pg_catalog.pg_ls_logdir() TO golden_reader",
        )
        .unwrap();
    let cofferdam = copier(&source, &target);
    let said = cofferdam.succeed(&["clone", "source", "target"], MINUTES).unwrap().stderr;
    assert!(said.contains("pg_start_backup") && said.contains("no such object"), "{said}");
    let may = "SELECT has_function_privilege('golden_reader', 'pg_ls_logdir()', 'EXECUTE')";
    assert_eq!(target.sql("shop", may).unwrap(), "t\n");
}
