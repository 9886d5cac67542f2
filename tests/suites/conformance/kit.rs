//! Running the kit, and reading what it says.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use cofferdam_tests::cofferdam::Cofferdam;
use serde_json::Value;

/// More than all checks take together on a machine that is busy.
const KIT: Duration = Duration::from_secs(400);

/// Every check that can be left out.
pub const CHECKS: [&str; 13] = [
    "round-trip",
    "odd-things",
    "empty",
    "clone",
    "under-load",
    "counts",
    "occupied",
    "broken-off",
    "repeated",
    "cancelled-backup",
    "cancelled-restore",
    "full-target",
    "wrong-password",
];

/// What was found, by the names of the checks: "held", "untested", or what happened.
pub fn test(
    cofferdam: &Cofferdam,
    plugin: &Path,
    instance: &str,
    grants: &[&str],
    quirks: &Path,
) -> BTreeMap<String, String> {
    let (plugin, quirks) = (plugin.to_str().unwrap(), quirks.to_str().unwrap());
    let mut arguments = vec!["--json", "plugin", "test", plugin, "--instance", instance, "--quirks", quirks];
    arguments.extend(grants.iter().flat_map(|grant| ["--grant", grant]));
    let output = cofferdam.run(&arguments, KIT).unwrap();
    let told: Value = serde_json::from_str(&output.stdout).unwrap_or_else(|_| panic!("{}", output.stderr));
    let found: BTreeMap<String, String> = told["verdicts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|verdict| {
            let outcome = verdict["what"].as_str().or(verdict["outcome"].as_str()).unwrap();
            (verdict["check"].as_str().unwrap().to_owned(), outcome.to_owned())
        })
        .collect();
    let lost = found.values().any(|outcome| outcome != "held" && outcome != "untested");
    assert_eq!(output.status.code(), Some(i32::from(lost)), "{}", output.stderr);
    found
}

/// Asserts that every check held but those, which weren't made.
pub fn assert_held(found: &BTreeMap<String, String>, untested: &[&str]) {
    assert_eq!(found.len(), CHECKS.len() + 1, "{found:#?}");
    for (check, outcome) in found {
        let expected = if untested.contains(&check.as_str()) { "untested" } else { "held" };
        assert_eq!(outcome, expected, "{check}: {found:#?}");
    }
}
