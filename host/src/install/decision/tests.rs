//! Every rule.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use super::*;
use crate::config::Name;
use crate::plugin::PublisherKey;
use crate::plugin::about::About;

fn publisher() -> Publisher {
    PublisherKey::generate().unwrap().publisher()
}

/// The engine "db" in this version, which wants to talk TCP and to log in.
fn found(version: &str, publisher: Option<Publisher>) -> Inspection {
    Inspection {
        about: About {
            name: "db".to_owned(),
            title: "A database".to_owned(),
            version: version.to_owned(),
            server_versions: String::new(),
            default_port: None,
            settings: Vec::new(),
        },
        publisher,
        sha256: Digest::of(version.as_bytes()),
        digest: String::new(),
        capabilities: Vec::new(),
        imports: ["cofferdam:host/time@0.1.0", "cofferdam:tcp/tcp@0.1.0", "cofferdam:tcp/secrets@0.1.0"]
            .map(str::to_owned)
            .into(),
        unknown_exports: Vec::new(),
    }
}

fn grants(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// A lock with this version of `name`.
fn lock(name: &str, version: &str, publisher: Option<Publisher>, granted: &[&str]) -> Lock {
    let entry = Entry::of(&found(version, publisher), grants(granted)).unwrap();
    Lock { plugins: [(Name::try_from(name.to_owned()).unwrap(), entry)].into() }
}

/// What is asked for, as the options that answer it.
fn asked(decision: &Decision) -> Vec<String> {
    decision.questions.iter().map(Question::option).collect()
}

fn refused(found: &Inspection, lock: &Lock, told: &Told) -> Error {
    decide(found, lock, told).expect_err("it isn't refused")
}

#[test]
fn the_first_time_publisher_and_grants_are_asked_for() {
    let someone = publisher();
    let decision = decide(&found("1.0.0", Some(someone)), &Lock::default(), &Told::default()).unwrap();
    assert_eq!(asked(&decision), [&format!("--publisher {someone}"), "--grant secrets", "--grant tcp"]);
    assert_eq!(decision.entry.grants, grants(&["secrets", "tcp"]));
    let told = Told { publisher: Some(someone), grants: grants(&["tcp"]), ..Told::default() };
    let decision = decide(&found("1.0.0", Some(someone)), &Lock::default(), &told).unwrap();
    assert_eq!(asked(&decision), ["--grant secrets"]);
}

#[test]
fn a_publisher_of_another_plugin_is_known_but_its_grants_are_asked_for() {
    let someone = publisher();
    let lock = lock("other", "9.0.0", Some(someone), &["tcp", "secrets"]);
    let decision = decide(&found("1.0.0", Some(someone)), &lock, &Told::default()).unwrap();
    assert_eq!(asked(&decision), ["--grant secrets", "--grant tcp"]);
}

#[test]
fn an_update_by_the_same_publisher_is_asked_only_for_what_is_new() {
    let someone = publisher();
    let before = lock("db", "1.0.0", Some(someone), &["tcp"]);
    let decision = decide(&found("1.1.0", Some(someone)), &before, &Told::default()).unwrap();
    assert_eq!(asked(&decision), ["--grant secrets"]);
    let before = lock("db", "1.0.0", Some(someone), &["tcp", "secrets", "mongodb"]);
    let decision = decide(&found("1.1.0", Some(someone)), &before, &Told::default()).unwrap();
    assert!(decision.questions.is_empty());
    assert_eq!(decision.entry.grants, grants(&["secrets", "tcp"]), "what isn't asked for any more isn't granted");
}

#[test]
fn an_unsigned_file_is_refused_unless_it_is_told() {
    let told = Told { allow_unsigned: true, ..Told::default() };
    let plain = found("1.0.0", None);
    for lock in [Lock::default(), lock("db", "1.0.0", None, &[]), lock("db", "1.0.0", Some(publisher()), &[])] {
        let error = refused(&plain, &lock, &Told::default());
        assert_eq!(error.code(), "permission-denied");
        assert!(error.hint().unwrap().contains("--allow-unsigned"));
        assert!(decide(&plain, &lock, &told).is_ok());
        // A digest says which file it is, not that somebody stands for it.
        let digest = Told { digest: Some(plain.sha256), ..Told::default() };
        assert_eq!(refused(&plain, &lock, &digest).code(), "permission-denied");
    }
    let told = Told { publisher: Some(publisher()), ..told };
    assert_eq!(refused(&plain, &Lock::default(), &told).code(), "permission-denied");
}

#[test]
fn another_publisher_is_refused_unless_the_key_is_told() {
    let (before, now) = (publisher(), publisher());
    let lock = lock("db", "1.0.0", Some(before), &["tcp", "secrets"]);
    let file = found("1.1.0", Some(now));
    for told in [
        Told::default(),
        Told { allow_unsigned: true, allow_downgrade: true, digest: Some(file.sha256), ..Told::default() },
        Told { publisher: Some(before), ..Told::default() },
        Told { publisher: Some(publisher()), ..Told::default() },
    ] {
        let error = refused(&file, &lock, &told);
        assert_eq!(error.code(), "permission-denied");
        assert!(error.message().contains(&now.to_string()), "{error}");
    }
    let told = Told { publisher: Some(now), ..Told::default() };
    let decision = decide(&file, &lock, &told).unwrap();
    assert_eq!(asked(&decision), ["--grant secrets", "--grant tcp"], "grants aren't handed on");
    // Nor from a publisher to nobody.
    let told = Told { allow_unsigned: true, ..Told::default() };
    assert_eq!(asked(&decide(&found("1.1.0", None), &lock, &told).unwrap()), ["--grant secrets", "--grant tcp"]);
}

#[test]
fn an_older_version_is_refused_unless_it_is_told() {
    let someone = publisher();
    let told = Told { allow_downgrade: true, ..Told::default() };
    for (before, now, older) in [
        ("1.10.0", "1.9.0", true),
        ("1.0.0", "1.0.0-rc.1", true),
        ("1.0.0", "1.0.0", false),
        ("1.0.0+build.2", "1.0.0+build.1", false),
        ("1.0.0-rc.1", "1.0.0", false),
    ] {
        let lock = lock("db", before, Some(someone), &["tcp", "secrets"]);
        let file = found(now, Some(someone));
        match decide(&file, &lock, &Told::default()) {
            Err(error) => assert!(older && error.hint().unwrap().contains("--allow-downgrade"), "{before} -> {now}"),
            Ok(_) => assert!(!older, "{before} -> {now}"),
        }
        assert!(decide(&file, &lock, &told).is_ok());
    }
}

#[test]
fn a_digest_that_was_told_must_be_the_files() {
    let file = found("1.0.0", Some(publisher()));
    let told = |digest| Told { digest: Some(digest), ..Told::default() };
    assert_eq!(refused(&file, &Lock::default(), &told(Digest::of(b"other"))).code(), "corrupt");
    let decision = decide(&file, &Lock::default(), &told(file.sha256)).unwrap();
    assert_eq!(asked(&decision), ["--grant secrets", "--grant tcp"], "it vouches for the key in the file too");
}

#[test]
fn a_grant_that_is_not_asked_for_is_not_given_in_advance() {
    let told = Told { grants: grants(&["mongodb"]), ..Told::default() };
    let error = refused(&found("1.0.0", Some(publisher())), &Lock::default(), &told);
    assert_eq!(error.hint(), Some("it asks for: secrets, tcp"));
}
