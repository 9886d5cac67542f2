//! The patterns of `only` and `except`, the same for every engine.
//!
//! A pattern is a whole name in which `*` stands for any characters, also none, `?` for any one, and `\` takes the next
//! one as it is. Case matters.

use crate::{Error, Result};

/// Which names the operator chose.
#[derive(Clone, Debug, Default)]
pub struct Patterns {
    only: Vec<String>,
    except: Vec<String>,
}

impl Patterns {
    /// Those of an operation's options.
    #[must_use]
    pub fn new(only: &[String], except: &[String]) -> Self {
        Self { only: only.to_vec(), except: except.to_vec() }
    }

    /// Whether everything is chosen.
    #[must_use]
    pub fn choose_all(&self) -> bool {
        self.only.is_empty() && self.except.is_empty()
    }

    /// Whether objects were chosen by name, and not only some left out.
    #[must_use]
    pub fn name_some(&self) -> bool {
        !self.only.is_empty()
    }

    /// Whether a name is chosen: it matches a pattern of `only`, where there are any, and none of `except`.
    #[must_use]
    pub fn choose(&self, name: &str) -> bool {
        (self.only.is_empty() || self.only.iter().any(|pattern| matches(pattern, name))) && !self.exclude(name)
    }

    /// Whether a name matches a pattern of `except`.
    #[must_use]
    pub fn exclude(&self, name: &str) -> bool {
        self.except.iter().any(|pattern| matches(pattern, name))
    }

    /// Refuses patterns that match none of the names: a mistyped one would carry too little or too much.
    ///
    /// # Errors
    /// "not-found", naming them.
    pub fn all_match<'a>(&self, names: impl Iterator<Item = &'a str> + std::clone::Clone) -> Result<()> {
        let idle: Vec<String> = self
            .only
            .iter()
            .map(|pattern| ("--only", pattern))
            .chain(self.except.iter().map(|pattern| ("--except", pattern)))
            .filter(|(_, pattern)| !names.clone().any(|name| matches(pattern, name)))
            .map(|(flag, pattern)| format!("{flag} {pattern:?}"))
            .collect();
        if idle.is_empty() {
            return Ok(());
        }
        let mut error = Error::not_found(format!("no object matches {}", idle.join(", ")));
        if let Some(example) = names.clone().next() {
            error = error.with_hint(format!(
                "a pattern is an object's whole name, as in {example:?}, with * for any characters and ? for one"
            ));
        }
        Err(error)
    }
}

/// Whether a name matches a pattern. Linear in both for each `*`: a pattern can't be made to take exponential time.
#[must_use]
pub fn matches(pattern: &str, name: &str) -> bool {
    let pattern = tokens(pattern);
    let name: Vec<char> = name.chars().collect();
    let (mut p, mut n) = (0, 0);
    // Where to go on if what follows the last `*` doesn't fit: the `*` takes one character more.
    let mut again = None;
    while n < name.len() {
        let fits = match pattern.get(p) {
            Some(Token::Any) => {
                again = Some((p, n));
                p += 1;
                continue;
            }
            Some(Token::One) => true,
            Some(Token::Itself(c)) => name.get(n) == Some(c),
            None => false,
        };
        match (fits, again) {
            (true, _) => (p, n) = (p + 1, n + 1),
            (false, Some((star, taken))) => {
                again = Some((star, taken + 1));
                (p, n) = (star + 1, taken + 1);
            }
            (false, None) => return false,
        }
    }
    pattern.iter().skip(p).all(|token| *token == Token::Any)
}

#[derive(PartialEq)]
enum Token {
    Any,
    One,
    Itself(char),
}

fn tokens(pattern: &str) -> Vec<Token> {
    let mut characters = pattern.chars();
    let mut tokens = Vec::new();
    while let Some(c) = characters.next() {
        tokens.push(match c {
            '*' => Token::Any,
            '?' => Token::One,
            '\\' => Token::Itself(characters.next().unwrap_or('\\')),
            c => Token::Itself(c),
        });
    }
    tokens
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn patterns(only: &[&str], except: &[&str]) -> Patterns {
        let list = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        Patterns::new(&list(only), &list(except))
    }

    #[test]
    fn a_pattern_is_held_against_the_whole_name() {
        for (pattern, name, fits) in [
            ("public.orders", "public.orders", true),
            ("orders", "public.orders", false),
            ("public.order", "public.orders", false),
            ("public.*", "public.", true),
            ("*.orders*", "a.b.orders_2", true),
            ("public.orders_?", "public.orders_ü", true),
            ("public.orders_?", "public.orders_", false),
            ("public.Orders", "public.orders", false),
            ("public.\\*", "public.*", true),
            ("public.\\*", "public.x", false),
            ("*a*b*c", "xaxbxbxc", true),
            ("", "", true),
        ] {
            assert_eq!(matches(pattern, name), fits, "{pattern} against {name}");
        }
    }

    #[test]
    fn many_stars_take_no_exponential_time() {
        assert!(!matches(&"*a".repeat(30), &"a".repeat(29)));
        assert!(!matches(&format!("{}b", "*a".repeat(30)), &"a".repeat(2000)));
    }

    #[test]
    fn what_is_excepted_is_not_chosen_even_if_it_was_named() {
        let some = patterns(&["a.*"], &["a.b"]);
        assert_eq!(["a.a", "a.b", "b.a"].map(|name| some.choose(name)), [true, false, false]);
        assert!(patterns(&[], &["a.b"]).choose("b.a"));
    }

    #[test]
    fn a_pattern_that_matches_nothing_is_an_error_that_names_it() {
        let names = ["a.b", "a.c"];
        assert!(patterns(&["a.b"], &["*.c"]).all_match(names.into_iter()).is_ok());
        let error = patterns(&["a.b", "orders"], &[]).all_match(names.into_iter()).unwrap_err();
        assert_eq!(error.code, "not-found");
        assert!(error.message.contains("--only \"orders\"") && !error.message.contains("a.b"));
    }
}
