//! What a plugin may do, read from its imports and held against what is served and what the operator granted.
//! Pure: no wasmtime, so that every rule is tested in microseconds.

use std::collections::BTreeSet;

use super::wasi::WASI;

/// An interface that the host serves.
#[derive(Debug, PartialEq, Eq)]
pub struct Served {
    /// Package and interface, without the version.
    pub interface: &'static str,
    /// The version that is served.
    pub version: &'static str,
    /// The grant that it needs; none for what can do no harm.
    pub grant: Option<&'static str>,
    /// What it lets a plugin do, for people.
    pub means: &'static str,
}

/// Everything that is served besides [`WASI`]. A service that isn't in these tables can't be imported.
pub const SERVED: [Served; 10] = [
    Served { interface: "cofferdam:host/types", version: "0.1.0", grant: None, means: "the vocabulary" },
    Served {
        interface: "cofferdam:host/endpoint",
        version: "0.1.0",
        grant: None,
        means: "be handed the instances that you name",
    },
    Served { interface: "cofferdam:host/time", version: "0.1.0", grant: None, means: "read the clock and wait" },
    Served { interface: "cofferdam:host/random", version: "0.1.0", grant: None, means: "get random bytes" },
    Served { interface: "cofferdam:host/report", version: "0.1.0", grant: None, means: "tell you how it goes" },
    Served {
        interface: "cofferdam:postgres/postgres",
        version: "0.1.0",
        grant: Some("postgres"),
        means: "talk to the instances that you name in PostgreSQL's protocol",
    },
    Served {
        interface: "cofferdam:tcp/tcp",
        version: "0.1.0",
        grant: Some("tcp"),
        means: "talk to the instances that you name in a protocol of its own",
    },
    Served {
        interface: "cofferdam:tcp/secrets",
        version: "0.1.0",
        grant: Some("secrets"),
        means: "log in with the password of the instances that you name, by answering a challenge, without seeing it",
    },
    Served {
        interface: "cofferdam:tcp/secret-write",
        version: "0.1.0",
        grant: Some("secret-write"),
        means: "have the password of the instances that you name sent to them; a malicious plugin could make the server \
                repeat it",
    },
    Served {
        interface: "cofferdam:mongodb/mongodb",
        version: "0.1.0",
        grant: Some("mongodb"),
        means: "talk to the instances that you name in MongoDB's protocol",
    },
];

/// A plugin's own types, which it may name among its imports.
const OWN_TYPES: &str = "cofferdam:engine/units";

/// Why an import can't be had, in one sentence that the plugin's author or the operator can act on.
#[derive(Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The import.
    pub import: String,
    /// What is wrong.
    pub reason: String,
    /// What would mend it.
    pub remedy: String,
}

/// The grants that these imports need.
pub fn needed<'a>(imports: impl IntoIterator<Item = &'a str>) -> BTreeSet<&'static str> {
    imports.into_iter().filter_map(|import| served(import).ok()).filter_map(|served| served.grant).collect()
}

/// What a grant lets a plugin do, for people.
pub fn meaning(grant: &str) -> &'static str {
    SERVED.iter().find(|served| served.grant == Some(grant)).map_or("", |served| served.means)
}

/// What a served import means, for people; the reason of the refusal for any other.
///
/// # Errors
/// If it isn't served, or not in that version.
pub fn served(import: &str) -> Result<&'static Served, Refusal> {
    let (interface, version) = import.split_once('@').unwrap_or((import, ""));
    let refusal = |reason: String, remedy: String| Refusal { import: import.to_owned(), reason, remedy };
    let Some(served) = SERVED.iter().chain(&WASI).find(|s| s.interface == interface) else {
        if interface == OWN_TYPES {
            // Its types alone; it holds no function.
            return SERVED.first().ok_or_else(|| refusal("nothing is served".to_owned(), String::new()));
        }
        let wasi = interface.starts_with("wasi:");
        return Err(refusal(
            format!("this host doesn't serve {interface}"),
            if wasi {
                "build the plugin for wasm32-unknown-unknown, which imports nothing of WASI, or for WASI 0.2 without it"
                    .to_owned()
            } else {
                format!("use one of {}", SERVED.map(|s| s.interface).join(", "))
            },
        ));
    };
    if !compatible(served.version, version) {
        return Err(refusal(
            format!("the plugin asks for {interface} in version {version}, and this host serves {}", served.version),
            "build the plugin against the version that is served, or use a host that serves its version".to_owned(),
        ));
    }
    Ok(served)
}

/// Holds a plugin's imports against what is served and granted.
pub fn refusals<'a>(imports: impl IntoIterator<Item = &'a str>, granted: &BTreeSet<String>) -> Vec<Refusal> {
    let imports: Vec<&str> = imports.into_iter().collect();
    let missing =
        imports.iter().filter_map(|import| served(import).ok()?.grant).filter(|grant| !granted.contains(*grant));
    let missing: BTreeSet<String> = missing.map(|grant| format!("--grant {grant}")).collect();
    let missing = missing.into_iter().collect::<Vec<_>>().join(" ");
    let judge = |import: &str| match served(import) {
        Err(refusal) => Some(refusal),
        Ok(Served { grant: Some(grant), means, .. }) if !granted.contains(*grant) => Some(Refusal {
            import: import.to_owned(),
            reason: format!("the plugin wants to {means}, and that isn't granted to it"),
            remedy: format!("if you trust it with that, give {missing} to `cofferdam plugin add` or `plugin test`"),
        }),
        Ok(_) => None,
    };
    imports.into_iter().filter_map(judge).collect()
}

/// Versions before 1.0 are compatible within their minor version.
fn compatible(served: &str, asked: &str) -> bool {
    let minor = |v: &str| v.rsplit_once('.').map(|(minor, _)| minor.to_owned());
    minor(served).is_some() && minor(served) == minor(asked)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn granted(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|n| (*n).to_owned()).collect()
    }

    #[test]
    fn what_can_do_no_harm_needs_no_grant() {
        assert_eq!(refusals(["cofferdam:host/report@0.1.0", "cofferdam:engine/units@0.1.0"], &granted(&[])), []);
    }

    #[test]
    fn an_import_without_its_grant_is_refused_with_the_option_that_grants_it() {
        let refused = refusals(["cofferdam:postgres/postgres@0.1.0"], &granted(&["tcp"]));
        assert!(refused[0].remedy.contains("--grant postgres"));
        assert_eq!(refusals(["cofferdam:postgres/postgres@0.1.0"], &granted(&["postgres"])), []);
    }

    #[test]
    fn what_isnt_served_of_wasi_is_refused_and_the_target_named() {
        assert!(served("wasi:http/types@0.2.0").unwrap_err().remedy.contains("wasm32-unknown-unknown"));
    }

    #[test]
    fn another_minor_version_is_refused_and_both_are_named() {
        let reason = served("cofferdam:host/types@0.2.0").unwrap_err().reason;
        assert!(reason.contains("0.2.0") && reason.contains("0.1.0"));
        assert!(served("cofferdam:host/types@0.1.7").is_ok());
    }
}
