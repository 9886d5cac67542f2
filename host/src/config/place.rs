//! Where in the file something is wrong.

use std::path::Path;

use crate::error::Error;

/// The error with file, line, column and key. The line itself isn't shown, as the TOML library would: it may hold a
/// secret that was written out.
pub(super) fn explain(error: &toml::de::Error, text: &str, path: &Path) -> Error {
    let (what, hint) = match error.message().split_once("\nhint: ") {
        Some((what, hint)) => (what, Some(hint)),
        None => (error.message(), None),
    };
    let mut message = format!("can't use the configuration {}", path.display());
    if let Some(span) = error.span() {
        let (line, column) = position(text, span.start);
        message.push_str(&format!(", line {line}, column {column}"));
    }
    if let Some(keys) = keys(error) {
        message.push_str(&format!(", in {keys}"));
    }
    message.push_str(&format!(": {}", what.trim_end().replace('\n', ", ")));
    let explained = Error::invalid_options(message);
    // What one may expect to write here is written by a command, after a look at the plugin.
    let plugins = what.starts_with("unknown field `plugins`");
    match hint.or_else(|| plugins.then_some("plugins aren't configured: add one with `cofferdam plugin add FILE`")) {
        Some(hint) => explained.with_hint(hint),
        None => explained,
    }
}

/// The library tells the keys only in its `Display`, and only of an error that doesn't know its input.
fn keys(error: &toml::de::Error) -> Option<String> {
    let mut bare = error.clone();
    bare.set_input(None);
    let shown = bare.to_string();
    let keys = shown.trim_end().rsplit_once("\nin `")?.1.strip_suffix('`')?;
    Some(keys.to_owned())
}

/// Line and column of a byte, both from 1; the column in characters.
fn position(text: &str, byte: usize) -> (usize, usize) {
    let before = text.get(..byte).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_are_counted_from_one_and_in_characters() {
        let text = "ä = 1\n\nxü = 2";
        assert_eq!(position(text, 0), (1, 1));
        assert_eq!(position(text, "ä = ".len()), (1, 5));
        assert_eq!(position(text, text.len() - 1), (3, 6));
        assert_eq!(position(text, 1000), (3, 7));
    }
}
