//! A secret in memory.

use std::fmt;

use zeroize::Zeroizing;

/// A secret text: it is wiped when dropped, and nothing prints, serialises or copies it by accident.
///
/// Whoever needs it in several places shares it in an `Arc`.
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes a text as a secret.
    #[must_use]
    pub fn new(text: impl Into<Zeroizing<String>>) -> Self {
        Self(text.into())
    }

    /// The secret itself. The name is long to be found in a review: what is exposed must not be kept.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_shows_nothing_not_even_the_length() {
        let shown = format!("{:?}", Secret::new("hunter2".to_owned()));
        assert_eq!(shown, "***");
    }

    #[test]
    fn exposing_gives_the_very_text() {
        assert_eq!(Secret::new(" with spaces ".to_owned()).expose(), " with spaces ");
    }
}
