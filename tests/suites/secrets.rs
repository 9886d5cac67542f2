//! A password is in nothing that is said and in nothing that is written, whoever repeats it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use cofferdam_tests::cofferdam::Cofferdam;
use cofferdam_tests::command::{Output, run};
use cofferdam_tests::failure::assert_fails;
use cofferdam_tests::servers::{Major, Postgresql};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

const MINUTES: Duration = Duration::from_secs(300);

/// Every encoding changes some of it.
const CANARY: &str = "Cänary'+/%\"pw 7f3a";

/// A server that knows the password as its own, and repeats it wherever anybody can: in the names of a database, a role
/// and a table, in a default, and in what a check says of rows that are written anywhere but in `shop`.
const ECHOES: &str = r#"
    CREATE ROLE keeper SUPERUSER LOGIN PASSWORD :'canary';
    CREATE ROLE stranger LOGIN PASSWORD 'something else';
    CREATE ROLE :"canary";
    CREATE DATABASE :"canary";
    CREATE TABLE :"canary" (a int, b text DEFAULT :'canary');
    INSERT INTO :"canary" VALUES (1);
    GRANT SELECT ON :"canary" TO :"canary";
    CREATE VIEW "viewed" AS SELECT a AS :"canary" FROM :"canary";
    CREATE TABLE secret.canary AS SELECT :'canary'::text AS value;
    CREATE FUNCTION says(a int) RETURNS boolean LANGUAGE plpgsql AS $$
        DECLARE value text := 'CANARY';
        BEGIN
            IF current_database() LIKE 'shop%' AND current_database() NOT LIKE '%cofferdam%' THEN RETURN true; END IF;
            RAISE NOTICE 'notice: %', value;
            RAISE EXCEPTION 'error: % and % and %', value, encode(convert_to('x' || value, 'UTF8'), 'base64'),
                encode(convert_to(value, 'UTF8'), 'hex') USING HINT = value, DETAIL = value;
        END $$;
    CREATE TABLE checked (a int CHECK (says(a)));
    INSERT INTO checked VALUES (1);
"#;

/// Every spelling that is looked for.
fn spellings() -> Vec<String> {
    let hex: String = CANARY.bytes().map(|byte| format!("{byte:02x}")).collect();
    let percent = utf8_percent_encode(CANARY, NON_ALPHANUMERIC).to_string();
    let json = CANARY.replace('"', "\\\"");
    let mut all = vec![
        CANARY.to_owned(),
        CANARY.replace('\'', "''"),
        CANARY.replace('"', "\"\""),
        json,
        percent.replace("%20", "+"),
        percent.replace("%C3%A4", "%c3%a4").replace("%2B", "%2b").replace("%2F", "%2f"),
        percent,
        hex.to_uppercase(),
        hex,
        // Enough of it to be a leak.
        "Cänary".to_owned(),
    ];
    for before in ["", "x", "xy"] {
        for engine in [&STANDARD, &URL_SAFE] {
            let encoded = engine.encode(format!("{before}{CANARY}"));
            // The first letters may hold bits of what stands before, the last ones of what comes after.
            all.push(encoded[4..encoded.len() - 4].to_owned());
        }
    }
    all
}

fn assert_free_of_it(what: &str, bytes: &[u8]) {
    for spelling in spellings() {
        let found = bytes.windows(spelling.len()).any(|window| window == spelling.as_bytes());
        assert!(!found, "{what} has the password as {spelling:?}:\n{}", String::from_utf8_lossy(bytes));
    }
}

fn assert_files_free_of_it(folder: &Path) -> usize {
    let mut files = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        assert_free_of_it("a name", path.as_os_str().as_encoded_bytes());
        if path.is_dir() {
            files += assert_files_free_of_it(&path);
        } else {
            assert_free_of_it(&path.display().to_string(), &fs::read(&path).unwrap());
            files += 1;
        }
    }
    files
}

/// Runs a command with a cache of its own, and looks at all that it says.
fn told(cofferdam: &Cofferdam, arguments: &[&str]) -> Output {
    let mut command = cofferdam.command(arguments);
    command.env("XDG_CACHE_HOME", cofferdam.folder().join("cache"));
    let output = run(&mut command, MINUTES).unwrap();
    for (what, text) in [("standard output", &output.stdout), ("standard error", &output.stderr)] {
        assert_free_of_it(&format!("{what} of {arguments:?}"), text.as_bytes());
    }
    output
}

#[test]
fn no_command_tells_the_password_and_no_file_has_it() {
    let server = Postgresql::start(Major::V15).unwrap();
    server.create_database("shop").unwrap();
    let script = tempfile::NamedTempFile::new().unwrap();
    let echoes = ECHOES.replace("CREATE TABLE secret", "CREATE SCHEMA secret; CREATE TABLE secret");
    fs::write(script.path(), echoes.replace("CANARY", &CANARY.replace('\'', "''"))).unwrap();
    server.run("shop", script.path(), &[("canary", CANARY)]).unwrap();

    let mut cofferdam = Cofferdam::new().unwrap();
    cofferdam.add_instance_at("right", &server.url("keeper", "shop"), CANARY).unwrap();
    // The password is another one's, or is used where it isn't the right one.
    cofferdam.add_instance_at("wrong", &server.url("stranger", "shop"), CANARY).unwrap();
    cofferdam.initialize().unwrap();

    // While somebody is connected, a clone is read and written and not copied by the server.
    let mut user = server.client("psql", "shop").unwrap();
    let mut user = user.args(["-X", "-c", "SELECT pg_sleep(600)"]).stdout(Stdio::null()).spawn().unwrap();
    let mut echoed = 0;
    for more in [&[][..], &["-v"], &["--json"]] {
        let command = |arguments: &[&str]| told(&cofferdam, &[arguments, more].concat());
        let succeeds = |arguments: &[&str]| {
            let output = command(arguments);
            assert!(output.status.success(), "{arguments:?}: {}", output.stderr);
            output
        };
        let fails = |arguments: &[&str]| {
            let output = command(arguments);
            assert!(!output.status.success(), "{arguments:?}");
            output
        };
        succeeds(&["instance", "list"]);
        let shown = succeeds(&["instance", "show", "right"]);
        assert!(shown.stdout.contains("***"), "the database isn't shown: {}", shown.stdout);
        succeeds(&["instance", "check", "right"]);
        let made = succeeds(&["backup", "right", "--jobs", "1"]);
        echoed += made.stderr.matches("***").count();
        succeeds(&["backups", "list"]);
        succeeds(&["repository", "check"]);
        // It needs no instance, so it can't know what is one's password, and with -v it tells the names of tables.
        assert!(told(&cofferdam, &["backups", "verify", "right@latest", "--read-data"]).status.success());
        let restore = ["restore", "right@latest", "--to", "right", "--database", "elsewhere"];
        succeeds(&[&restore[..], &["--dry-run"]].concat());
        let broken = fails(&restore);
        assert!(broken.stderr.contains("***"), "the server's error isn't there: {}", broken.stderr);
        fails(&["clone", "right", "right", "--as", "elsewhere"]);
        fails(&["instance", "show", "wrong"]);
        fails(&["instance", "check", "wrong"]);
        fails(&["backup", "wrong"]);
        fails(&["restore", "right@latest", "--to", "wrong", "--database", "elsewhere"]);
        succeeds(&["cleanup", "0123456789ab", "--instance", "right"]);
    }
    user.kill().unwrap();
    user.wait().unwrap();
    assert!(echoed > 0, "no event named the table, so nothing was proved");
    let files = assert_files_free_of_it(cofferdam.folder());
    assert!(files > 10, "{files} files were looked at");
}

#[test]
fn a_password_that_is_written_out_in_the_configuration_is_refused_and_not_repeated() {
    let cofferdam = Cofferdam::new().unwrap();
    let encoded = utf8_percent_encode(CANARY, NON_ALPHANUMERIC).to_string();
    let escaped = CANARY.replace('"', "\\\"");
    let before = fs::read_to_string(cofferdam.config()).unwrap();
    for (url, password) in [
        (format!("postgresql://me:{encoded}@db/shop"), None),
        (format!("postgresql://me:{escaped}@db/shop"), None),
        (format!("postgresql://me@db/shop?password={encoded}"), None),
        (format!("postgresql://me@/shop?host=/run/pg&password={encoded}"), None),
        ("postgresql://me@db/shop".to_owned(), Some(&escaped)),
    ] {
        let password = password.map_or(String::new(), |text| format!("password = \"{text}\"\n"));
        cofferdam.configure(&format!("[instances.a]\nengine = \"postgresql\"\nurl = \"{url}\"\n{password}")).unwrap();
        assert_fails(&told(&cofferdam, &["backup", "a"]), 2, &["hint: "]);
        assert!(!told(&cofferdam, &["instance", "list", "--json"]).status.success());
        fs::write(cofferdam.config(), &before).unwrap();
    }
}
