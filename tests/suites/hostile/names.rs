//! `docs/security.md` names the test that holds each promise. A name that no test has any more would be a promise that
//! nothing holds.

use std::fs;
use std::path::{Path, PathBuf};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every `a::b` of the text.
fn named(text: &str) -> Vec<&str> {
    let of_a_path = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == ':';
    text.split('`').skip(1).step_by(2).filter(|code| code.contains("::") && code.chars().all(of_a_path)).collect()
}

/// The files in which the tests of a module stand: a suite's, or the host's own.
fn sources(module: &str) -> Vec<String> {
    let path = module.replace("::", "/");
    ["tests/suites/{}.rs", "tests/suites/{}/main.rs", "host/src/{}.rs", "host/src/{}/mod.rs", "host/src/{}/tests.rs"]
        .iter()
        .filter_map(|pattern| fs::read_to_string(repository().join(pattern.replace("{}", &path))).ok())
        .collect()
}

fn has_tests(source: &str) -> bool {
    source.contains("#[test]") || source.contains("#[tokio::test")
}

/// Whether the text has a test of this name, and not just a function.
fn has_test(source: &str, name: &str) -> bool {
    let Some((before, _)) = source.split_once(&format!("fn {name}()")) else { return false };
    let attribute = before.rfind("#[test]").max(before.rfind("#[tokio::test"));
    attribute.is_some_and(|at| !before[at..].contains('}'))
}

fn exists(name: &str) -> bool {
    let (module, test) = name.rsplit_once("::").unwrap();
    sources(name).iter().any(|source| has_tests(source)) || sources(module).iter().any(|source| has_test(source, test))
}

#[test]
fn every_test_that_is_named_in_the_documentation_exists() {
    let text = fs::read_to_string(repository().join("docs/security.md")).unwrap();
    let named = named(&text);
    assert!(named.len() > 150, "{}", named.len());
    let missing: Vec<_> = named.into_iter().filter(|name| !exists(name)).collect();
    assert!(missing.is_empty(), "no test has these names: {missing:#?}");
}

#[test]
fn every_attack_has_its_row_and_its_test() {
    let text = fs::read_to_string(repository().join("docs/security.md")).unwrap();
    for attack in 1..=40 {
        let row = text.lines().find(|line| line.starts_with(&format!("| {attack} | "))).unwrap();
        let shown = row.split(" | ").nth(3).unwrap();
        assert!(!named(shown).is_empty(), "{row}");
    }
}
