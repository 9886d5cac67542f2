//! Writing a new repository's pin into the operator's file.

use toml_edit::{DocumentMut, value};

use super::Name;
use crate::error::{Error, Result};

/// The two lines that pin a repository.
#[must_use]
pub fn pin_lines(id: &str, public_key: &str) -> String {
    format!("id = {}\npublic-key = {}", toml::Value::from(id), toml::Value::from(public_key))
}

/// The configuration's text with the repository's pin added; comments and layout stay as they are.
///
/// # Errors
/// "invalid-options" if the text has no such repository as a table of its own; "already-exists" if it is pinned.
pub fn add_pin(text: &str, repository: &Name, id: &str, public_key: &str) -> Result<String> {
    let mut document: DocumentMut =
        text.parse().map_err(|_| Error::invalid_options("can't edit the configuration: it isn't valid TOML"))?;
    let table = document
        .get_mut("repositories")
        .and_then(|all| all.get_mut(repository.as_str()))
        .and_then(|one| one.as_table_like_mut())
        .ok_or_else(|| Error::invalid_options(format!("the configuration has no [repositories.{repository}]")))?;
    if table.contains_key("id") || table.contains_key("public-key") {
        return Err(Error::already_exists(format!("[repositories.{repository}] is pinned already")));
    }
    table.insert("id", value(id));
    table.insert("public-key", value(public_key));
    Ok(document.to_string())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn main() -> Name {
        Name::try_from("main".to_owned()).unwrap()
    }

    #[test]
    fn the_pin_goes_to_its_repository_and_nothing_else_changes() {
        let text = "# ours\n[repositories.main] # the first\nurl = \"/x\"   # here\n\n[instances.a]\nengine = \"p\"\n";
        let pinned = add_pin(text, &main(), "7f3a", "ab\"c").unwrap();
        assert_eq!(
            pinned,
            "# ours\n[repositories.main] # the first\nurl = \"/x\"   # here\nid = \"7f3a\"\npublic-key = 'ab\"c'\n\n\
             [instances.a]\nengine = \"p\"\n"
        );
    }

    #[test]
    fn a_pinned_or_missing_repository_is_refused() {
        let pinned = "[repositories.main]\nurl = \"/x\"\nid = \"1\"\n";
        assert_eq!(add_pin(pinned, &main(), "2", "3").unwrap_err().code(), "already-exists");
        assert_eq!(add_pin("[repositories.other]\n", &main(), "2", "3").unwrap_err().code(), "invalid-options");
    }

    #[test]
    fn the_lines_to_add_by_hand_are_toml() {
        assert_eq!(pin_lines("7f3a", "abc"), "id = \"7f3a\"\npublic-key = \"abc\"");
    }
}
