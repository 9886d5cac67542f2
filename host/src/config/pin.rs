//! Writing a new repository's id into the operator's file, so that pinning isn't forgotten.

use toml_edit::{DocumentMut, value};

use super::Name;
use crate::error::{Error, Result};

/// The configuration's text with the repository's id added; comments and layout stay as they are.
///
/// # Errors
/// "invalid-options" if the text has no such repository; "already-exists" if it has an id.
pub fn add_pin(text: &str, repository: &Name, id: &str) -> Result<String> {
    let mut document: DocumentMut =
        text.parse().map_err(|_| Error::invalid_options("can't edit the configuration: it isn't valid TOML"))?;
    let table = document
        .get_mut("repositories")
        .and_then(|all| all.get_mut(repository.as_str()))
        .and_then(|one| one.as_table_like_mut())
        .ok_or_else(|| Error::invalid_options(format!("the configuration has no [repositories.{repository}]")))?;
    if table.contains_key("id") {
        return Err(Error::already_exists(format!("[repositories.{repository}] has an id already")));
    }
    table.insert("id", value(id));
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
    fn the_id_goes_to_its_repository_and_nothing_else_changes() {
        let text = "# ours\n[repositories.main] # the first\nurl = \"/x\"   # here\n\n[instances.a]\nengine = \"p\"\n";
        let pinned = add_pin(text, &main(), "7f3a").unwrap();
        let added = text.replace("# here\n", "# here\nid = \"7f3a\"\n");
        assert_eq!(pinned, added);
    }

    #[test]
    fn a_pinned_or_missing_repository_is_refused() {
        let pinned = "[repositories.main]\nurl = \"/x\"\nid = \"1\"\n";
        assert_eq!(add_pin(pinned, &main(), "2").unwrap_err().code(), "already-exists");
        assert_eq!(add_pin("[repositories.other]\n", &main(), "2").unwrap_err().code(), "invalid-options");
    }
}
