//! The file as a whole.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

use std::path::Path;

use super::*;
use crate::secrets::SecretRef;

const WHOLE: &str = r#"
default-repository = "main"

[repositories.main]
url = "file:///var/backups/cofferdam"
id = "7f3a"
writer-key = { file = "main.writer" }

[repositories.away]
url = "away"
passphrase = { command = ["pass", "cofferdam"] }
recovery-key = { env = "RECOVERY_KEY" }

[instances.orders]
engine = "postgresql"
url = "postgresql://backup@db.internal:5432/orders?sslmode=verify-full&sslrootcert=ca.pem"
password = { file = "/run/secrets/orders" }

[limits]
memory = "256 MiB"
wall = "24h"
cpu = "10s"
"#;

fn parse(text: &str) -> Result<Config> {
    Config::parse(text, Path::new("/etc/cofferdam/cofferdam.toml"))
}

#[test]
fn a_whole_file_is_read_and_its_paths_start_at_its_folder() {
    let config = parse(WHOLE).unwrap();
    let (name, main) = config.repository(None).unwrap();
    assert_eq!(name.as_str(), "main");
    assert_eq!(main.url.as_str(), "file:///var/backups/cofferdam");
    assert_eq!(main.id.as_deref(), Some("7f3a"));
    assert_eq!(main.writer_key, Some(SecretRef::File("/etc/cofferdam/main.writer".into())));
    let (_, away) = config.repository(Some("away")).unwrap();
    assert_eq!(away.url.as_str(), "/etc/cofferdam/away");
    assert_eq!(away.recovery_key, Some(SecretRef::Env("RECOVERY_KEY".into())));
    let (_, orders) = config.instance("orders").unwrap();
    assert!(orders.url.to_string().ends_with("sslrootcert=%2Fetc%2Fcofferdam%2Fca.pem"));
    assert_eq!(config.limits.memory.unwrap().bytes(), 256 << 20);
    assert_eq!(config.limits.cpu.unwrap().duration().as_secs(), 10);
    assert_eq!(config.path.as_deref(), Some(Path::new("/etc/cofferdam/cofferdam.toml")));
}

#[test]
fn an_empty_file_is_a_configuration() {
    assert_eq!(parse("").unwrap(), Config { path: Some("/etc/cofferdam/cofferdam.toml".into()), ..Config::default() });
}

/// What is wrong, and every word that the error must have: the place, the key, what is expected.
#[test]
fn what_cannot_be_used_is_told_with_its_place() {
    for (text, words) in [
        ("[instance.x]\n", &["line 1, column 2", "`instance`", "`instances`"][..]),
        (
            "\n[instances.x]\nengine = \"p\"\nurl = \"p://h\"\npasword = 1\n",
            &["line 5", "instances.x", "`pasword`", "`password`"],
        ),
        ("[instances.x]\nengine = \"p\"\n", &["instances.x", "missing field `url`"]),
        ("[instances.x]\nengine = 5\nurl = \"p://h\"\n", &["line 2, column 10", "instances.x.engine", "a string"]),
        ("[instances.\"a b\"]\nengine = \"p\"\nurl = \"p://h\"\n", &["line 1", "\"a b\" can't be a name"]),
        ("[limits]\nmemory = \"much\"\n", &["line 2, column 10", "limits.memory", "isn't a size"]),
        ("[limits]\nwall = \"0s\"\n", &["limits.wall", "period"]),
        ("[repositories.m]\nurl = \"\"\n", &["repositories.m.url", "empty"]),
        ("[repositories.m]\nurl = \"x\"\nurl = \"y\"\n", &["line 3, column 1", "duplicate key"]),
        ("default-repository = \"main\"\n", &["default-repository", "\"main\"", "/etc/cofferdam/cofferdam.toml"]),
        ("[repositories.main\n", &["line 1", "cofferdam.toml"]),
    ] {
        let error = parse(text).expect_err(text);
        assert_eq!(error.code(), "invalid-options", "{text}");
        for word in words {
            assert!(error.message().contains(word), "{word} isn't in: {}", error.message());
        }
    }
}

#[test]
fn a_secret_that_is_written_out_is_refused_with_a_hint_and_shown_nowhere() {
    for text in [
        "[instances.x]\nengine = \"p\"\nurl = \"p://h\"\npassword = \"hunter2\"\n",
        "[instances.x]\nengine = \"p\"\nurl = \"p://u:hunter2@h/d\"\n",
        "[instances.x]\nengine = \"p\"\nurl = \"p://h/d?password=hunter2\"\n",
        "[repositories.x]\nurl = \"/x\"\npassphrase = \"hunter2\"\n",
        "[repositories.x]\nurl = \"s3://k:hunter2@b/\"\n",
    ] {
        let error = parse(text).expect_err(text);
        assert!(error.hint().is_some(), "{error:?}");
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
        assert!(error.message().contains("written out"), "{error:?}");
    }
}

#[test]
fn not_even_a_syntax_error_shows_the_line() {
    for text in ["password = hunter2\n", "password = \"hunter2\n", "password = 'a' hunter2\n", "hunter2\n"] {
        assert!(!format!("{:?}", parse(text).expect_err(text)).contains("hunter2"), "{text}");
    }
}

#[test]
fn a_plugin_in_the_configuration_is_refused_with_the_command_that_adds_it() {
    let error = parse("[plugins.postgresql]\npath = \"postgresql.wasm\"\n").unwrap_err();
    assert!(error.hint().unwrap().contains("cofferdam plugin add"), "{error:?}");
}

#[test]
fn the_repository_that_is_meant() {
    let one = "[repositories.a]\nurl = \"/a\"\n";
    let two = format!("{one}[repositories.b]\nurl = \"/b\"\n");
    assert_eq!(parse(one).unwrap().repository(None).unwrap().0.as_str(), "a");
    let several = parse(&two).unwrap();
    assert_eq!(several.repository(Some("b")).unwrap().0.as_str(), "b");
    let unnamed = several.repository(None).unwrap_err();
    assert!(unnamed.hint().unwrap().contains("repositories: a, b"));
    let unknown = several.repository(Some("c")).unwrap_err();
    assert_eq!(unknown.to_string(), "no repository is called \"c\" in /etc/cofferdam/cofferdam.toml");
    assert!(Config::default().repository(None).unwrap_err().message().contains("no cofferdam.toml was found"));
    let default = format!("default-repository = \"b\"\n{two}");
    assert_eq!(parse(&default).unwrap().repository(None).unwrap().0.as_str(), "b");
}

#[test]
fn an_unknown_instance_comes_with_the_known_ones() {
    let error = parse(WHOLE).unwrap().instance("order").unwrap_err();
    assert_eq!((error.code(), error.hint()), ("not-found", Some("instances: orders")));
}

#[test]
fn a_named_file_that_is_not_there_is_told() {
    let error = Config::load(Some(Path::new("/nowhere/cofferdam.toml"))).unwrap_err();
    assert_eq!(error.code(), "not-found");
    assert!(error.message().contains("/nowhere/cofferdam.toml"));
}
