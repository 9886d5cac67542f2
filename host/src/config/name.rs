//! What repositories, instances and plugins are called.

use std::borrow::Borrow;
use std::fmt;

use serde::{Deserialize, Serialize};

/// A name that the operator gave: letters, digits, `.`, `_` and `-`, beginning with a letter or digit. So it is never
/// taken for a URL, a path, an option or `NAME@latest`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Name(String);

impl Name {
    /// The name as a text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Name {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        let begins = name.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
        let rest = name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
        if begins && rest {
            Ok(Self(name))
        } else {
            Err(format!(
                "{name:?} can't be a name: letters, digits, '.', '_' and '-' only, beginning with a letter or digit"
            ))
        }
    }
}

impl Borrow<str> for Name {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_be_taken_for_something_else_is_refused() {
        for name in ["", "-x", ".x", "a@latest", "a/b", "s3://x", "a b", "ä", "a\n"] {
            assert!(Name::try_from(name.to_owned()).is_err(), "{name:?}");
        }
        for name in ["a", "orders-2", "db.internal", "7_x"] {
            assert!(Name::try_from(name.to_owned()).is_ok(), "{name}");
        }
    }
}
