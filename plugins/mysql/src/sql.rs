//! Names and texts in statements.

use crate::protocol::column;

/// A name, quoted ("Schema Object Names").
pub fn name(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

/// A text, quoted.
pub fn text(text: &str) -> String {
    let mut quoted = Vec::new();
    column::quote(text.as_bytes(), &mut quoted);
    String::from_utf8_lossy(&quoted).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_ends_where_its_last_backtick_is() {
        assert_eq!(name("a`b; DROP"), "`a``b; DROP`");
        assert_eq!(text("it's\n"), "'it\\'s\\n'");
    }
}
