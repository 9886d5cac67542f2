//! Where a secret is, as the configuration says it.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, Visitor};

/// A reference to a secret: `{ env = "NAME" }`, `{ file = "/path" }` or `{ command = ["program", "argument"] }`.
///
/// A secret that is written out is refused, and neither that error nor any other repeats it.
#[derive(Clone, PartialEq, Eq)]
pub enum SecretRef {
    /// An environment variable.
    Env(String),
    /// A file; one line end at its end doesn't count.
    File(PathBuf),
    /// A program and its arguments, run without a shell; its standard output is the secret.
    Command(Vec<String>),
}

const HINT: &str = "say where it is instead: { file = \"/run/secrets/name\" }, { env = \"NAME\" } or \
                    { command = [\"program\", \"argument\"] }";

impl SecretRef {
    /// Reads a relative path as relative to `folder`. A program's path with a folder in it is read so, too; a bare
    /// program name is left to `PATH`.
    #[must_use]
    pub fn relative_to(self, folder: &Path) -> Self {
        match self {
            Self::Env(name) => Self::Env(name),
            Self::File(path) => Self::File(folder.join(path)),
            Self::Command(mut words) => {
                if let Some(program) = words.first_mut().filter(|p| p.contains('/')) {
                    *program = folder.join(&*program).to_string_lossy().into_owned();
                }
                Self::Command(words)
            }
        }
    }
}

/// Says where the secret is: "the file /run/secrets/orders". Of a command only the program is told; arguments have
/// been seen to hold secrets.
impl fmt::Display for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => write!(f, "the environment variable {name}"),
            Self::File(path) => write!(f, "the file {}", path.display()),
            Self::Command(words) => write!(f, "the command {}", words.first().map_or("", String::as_str)),
        }
    }
}

impl fmt::Debug for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretRef({self})")
    }
}

impl<'de> Deserialize<'de> for SecretRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reference)
    }
}

/// Serde's own messages quote the value that they don't like, which may be the secret. So every shape is taken here.
struct Reference;

impl<'de> Visitor<'de> for Reference {
    type Value = SecretRef;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a reference to a secret")
    }

    fn visit_str<E: de::Error>(self, _: &str) -> Result<SecretRef, E> {
        Err(plain())
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<SecretRef, E> {
        Err(plain())
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<SecretRef, E> {
        Err(plain())
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<SecretRef, E> {
        Err(plain())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<SecretRef, A::Error> {
        let Some(key) = map.next_key::<String>()? else {
            return Err(wrong("a reference to a secret is empty"));
        };
        let reference = match key.as_str() {
            "env" => SecretRef::Env(variable(map.next_value::<Text>()?.0)?),
            "file" => SecretRef::File(filled(map.next_value::<Text>()?.0, "a file's path")?.into()),
            "command" => SecretRef::Command(command(map.next_value::<Words>()?)?),
            other => return Err(wrong(format!("a secret can't be referred to by \"{other}\""))),
        };
        if map.next_key::<String>()?.is_some() {
            return Err(wrong("a reference to a secret names more than one place"));
        }
        Ok(reference)
    }
}

fn wrong<E: de::Error>(what: impl fmt::Display) -> E {
    E::custom(format!("{what}\nhint: {HINT}"))
}

fn plain<E: de::Error>() -> E {
    wrong("a secret is written out here, where everybody who can read the file can read it")
}

/// A password that was put where a variable's name belongs is told from one by its characters, and isn't repeated.
fn variable<E: de::Error>(name: String) -> Result<String, E> {
    let first = name.chars().next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    if first && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return Ok(name);
    }
    Err(wrong("this can't be an environment variable's name (letters, digits and _ only)"))
}

fn filled<E: de::Error>(text: String, what: &str) -> Result<String, E> {
    if text.is_empty() { Err(wrong(format!("{what} is empty"))) } else { Ok(text) }
}

fn command<E: de::Error>(words: Words) -> Result<Vec<String>, E> {
    match words.0.first() {
        Some(program) if !program.is_empty() => Ok(words.0),
        _ => Err(wrong("a command has no program")),
    }
}

/// A string; anything else is refused without quoting it.
struct Text(String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Text).map_err(|_| wrong("a name or a path in quotes is expected here"))
    }
}

/// A list of strings; anything else is refused without quoting it.
struct Words(Vec<String>);

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer)
            .map(Words)
            .map_err(|_| wrong("a command is a list of its program and arguments, and no shell reads it"))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;

    #[derive(Debug, Deserialize)]
    struct Document {
        password: SecretRef,
    }

    fn parse(value: &str) -> Result<SecretRef, String> {
        toml::from_str::<Document>(&format!("password = {value}"))
            .map(|d| d.password)
            .map_err(|e| e.message().to_owned())
    }

    #[test]
    fn the_three_ways_are_read() {
        assert_eq!(parse("{ env = \"DB_PASSWORD\" }"), Ok(SecretRef::Env("DB_PASSWORD".into())));
        assert_eq!(parse("{ file = \"/run/x\" }"), Ok(SecretRef::File("/run/x".into())));
        let command = SecretRef::Command(vec!["pass".into(), "show".into(), "db".into()]);
        assert_eq!(parse("{ command = [\"pass\", \"show\", \"db\"] }"), Ok(command));
    }

    #[test]
    fn a_secret_in_plain_text_is_refused_with_a_hint_and_never_repeated() {
        for value in [
            "\"hunter2\"",
            "31337",
            "3.25",
            "[\"hunter2\"]",
            "{ env = \"hunter2!\" }",
            "{ env = 31337 }",
            "{ file = 31337 }",
            "{ command = \"echo hunter2\" }",
            "{ command = [31337] }",
        ] {
            let message = parse(value).expect_err(value);
            assert!(!message.contains("hunter2") && !message.contains("31337"), "{value}: {message}");
        }
        assert!(parse("\"hunter2\"").unwrap_err().contains("\nhint: say where it is instead"));
    }

    #[test]
    fn what_is_no_reference_is_refused() {
        for (value, told) in [
            ("{}", "empty"),
            ("{ vault = \"x\" }", "\"vault\""),
            ("{ env = \"A\", file = \"b\" }", "more than one"),
            ("{ env = \"\" }", "variable"),
            ("{ file = \"\" }", "path is empty"),
            ("{ command = [] }", "no program"),
        ] {
            let message = parse(value).expect_err(value);
            assert!(message.contains(told), "{value}: {message}");
        }
    }

    #[test]
    fn relative_paths_start_at_the_given_folder() {
        let at = |r: &str| parse(r).unwrap().relative_to(Path::new("/etc/cofferdam")).to_string();
        assert_eq!(at("{ file = \"main.writer\" }"), "the file /etc/cofferdam/main.writer");
        assert_eq!(at("{ file = \"/run/x\" }"), "the file /run/x");
        assert_eq!(at("{ command = [\"./secret\", \"x\"] }"), "the command /etc/cofferdam/./secret");
        assert_eq!(at("{ command = [\"pass\", \"x\"] }"), "the command pass");
    }
}
