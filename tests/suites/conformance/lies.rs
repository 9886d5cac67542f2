//! Each lie is found by the check that is there for it. The server is the toy that `plugin new` writes.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use cofferdam_tests::cofferdam::{Cofferdam, faulty_plugin, liar_plugin};
use cofferdam_tests::servers::Toy;

use crate::kit::{CHECKS, assert_held, test};

const TOY: &str = env!("CARGO_BIN_EXE_toy");

/// Makes some of the checks on the engine that lies.
fn lie(name: &str, checks: &[&str]) -> BTreeMap<String, String> {
    let toy = Toy::start(Path::new(TOY)).unwrap();
    let mut cofferdam = Cofferdam::new().unwrap();
    cofferdam.set_secret("TOY_PASSWORD", Toy::PASSWORD);
    cofferdam.set_secret("TOY_PORT", &toy.port().to_string());
    let instance = format!(
        "[instances.toy]\nengine = \"liar\"\nurl = \"liar://{name}@127.0.0.1:{}/\"\npassword = {{ env = \"TOY_PASSWORD\" }}\n",
        toy.port()
    );
    cofferdam.configure(&instance).unwrap();
    let template = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sdk/template/conformance.toml.new");
    let mut quirks = fs::read_to_string(template).unwrap().replace("target/debug/examples/toy", TOY);
    for check in CHECKS.iter().filter(|check| !checks.contains(check)) {
        writeln!(quirks, "{check} = \"not now\"").unwrap();
    }
    let path = cofferdam.folder().join("conformance.toml");
    fs::write(&path, quirks).unwrap();
    test(&cofferdam, &liar_plugin().unwrap(), "toy", &["tcp", "secret-write"], &path)
}

/// Asserts that this check, and no other one that was made, finds the lie, and says so.
fn assert_found(name: &str, check: &str, words: &str) {
    let found = lie(name, &[check]);
    assert!(found[check].contains(words), "{name}: {found:#?}");
    assert_eq!(found["nothing-left"], "held", "{name}: {found:#?}");
}

#[test]
fn whoever_tells_the_truth_holds_every_check() {
    assert_held(&lie("author", &CHECKS), &[]);
}

#[test]
fn rows_that_are_counted_and_not_written_are_missed() {
    assert_found("all-rows", "round-trip", "the author's own dumps of source and copy differ");
}

#[test]
fn a_table_that_is_forgotten_where_it_is_counted_too_is_missed() {
    assert_found("all-tables", "round-trip", "the author's own dumps of source and copy differ");
}

#[test]
fn rows_of_tables_with_strange_names_are_missed() {
    assert_held(&lie("all-names", &["round-trip"]), &CHECKS[1..]);
    assert_found("all-names", "odd-things", "the author's own dumps of source and copy differ");
}

#[test]
fn a_database_that_holds_nothing_has_to_be_backed_up() {
    assert_found("nothing-there", "empty", "there is nothing to back up");
}

#[test]
fn a_server_that_says_it_copied_and_did_not_is_found_out() {
    assert_found("copied", "clone", "the author's own dumps of source and copy differ");
}

#[test]
fn sessions_that_each_see_a_moment_of_their_own_are_found_out() {
    assert_found("one-moment", "under-load", "what was never true of the source");
}

#[test]
fn an_engine_that_counts_all_but_rows_is_found_out() {
    assert_found("counted", "counts", "not everything is carried");
}

#[test]
fn a_restore_that_replaces_what_it_was_not_told_to_is_found_out() {
    assert_found("free", "occupied", "said that it is done");
}

#[test]
fn a_part_that_passes_for_the_whole_is_found_out() {
    assert_found("whole", "broken-off", "says that it wrote the unit, though its stream broke off");
}

#[test]
fn a_unit_that_is_there_twice_is_found_out() {
    assert_found("once", "repeated", "differ");
}

#[test]
fn what_a_backup_that_was_cancelled_leaves_is_found() {
    assert_found("untouched", "cancelled-backup", "databases came or went: scratch_");
}

#[test]
fn what_a_restore_that_was_cancelled_leaves_is_found() {
    let found = lie("clean", &["cancelled-restore"]);
    assert!(found["cancelled-restore"].contains("databases came or went: "), "{found:#?}");
    assert!(found["nothing-left"].contains("these databases are left: "), "{found:#?}");
}

#[test]
fn a_restore_that_is_done_on_a_full_server_is_found_out() {
    assert_found("room", "full-target", "a restore to a full server said that it is done");
}

#[test]
fn an_engine_that_lets_anybody_in_is_found_out() {
    assert_found("welcome", "wrong-password", "a password that is wrong");
}

#[test]
fn litter_is_found() {
    let found = lie("tidy", &["round-trip"]);
    assert_eq!(found["round-trip"], "held", "{found:#?}");
    assert!(found["nothing-left"].contains("these databases are left: "), "{found:#?}");
}

/// The engine that makes its rows itself: nothing but the answer to the attempt that broke off gives it away.
#[test]
fn an_engine_that_ignores_whether_a_stream_is_whole_is_found_out_without_a_server() {
    for (fault, lost) in [("none", false), ("heedless", true)] {
        let cofferdam = Cofferdam::new().unwrap();
        let instance = "[instances.odd]\nengine = \"faulty\"\nurl = \"faulty://nowhere/\"\n";
        cofferdam.configure(&format!("{instance}settings = {{ fault = \"{fault}\" }}\n")).unwrap();
        let mut quirks =
            ["create", "drop", "fill", "dump"].map(|name| format!("{name} = [\"true\"]\n")).concat() + "[untested]\n";
        for check in CHECKS.iter().filter(|check| !["broken-off", "repeated"].contains(check)) {
            writeln!(quirks, "{check} = \"there is no server\"").unwrap();
        }
        let path = cofferdam.folder().join("conformance.toml");
        fs::write(&path, quirks).unwrap();
        let found = test(&cofferdam, &faulty_plugin().unwrap(), "odd", &[], &path);
        let told = "the plugin faulty says that it wrote the unit, though its stream broke off";
        assert_eq!(found["broken-off"].contains(told), lost, "{found:#?}");
        assert_eq!(found["repeated"], "held", "{found:#?}");
    }
}
