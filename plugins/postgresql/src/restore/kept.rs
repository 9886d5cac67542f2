//! The name under which what is replaced is kept: `NAME_old_<time>`, by the server's clock in UTC.

use super::target::with_suffix;
use crate::quote::literal;
use crate::session::Session;
use cofferdam_sdk::{Error, Result};

/// Where the names are that have to differ from it.
#[derive(Clone, Copy, Debug)]
pub enum Namespace {
    /// The server's databases.
    Databases,
    /// The database's schemas.
    Schemas,
}

impl Namespace {
    fn taken(self, names: &str) -> String {
        let (column, catalogue) = match self {
            Self::Databases => ("datname", "pg_database"),
            Self::Schemas => ("nspname", "pg_namespace"),
        };
        format!("SELECT 1 FROM pg_catalog.{catalogue} WHERE {column} = ANY (ARRAY[{names}]::text[]) LIMIT 1")
    }
}

/// Replacements of one second that are told apart.
const MOST: usize = 100;

/// What is put behind each of `names` with [`with_suffix`]: the time, and a number where one of them was replaced within the
/// same second before. Two calls may give two answers, so whoever tells of it keeps it.
pub async fn suffix(
    session: &Session,
    namespace: Namespace,
    names: impl IntoIterator<Item = &str> + Clone,
) -> Result<String> {
    let time = "SELECT pg_catalog.to_char(pg_catalog.clock_timestamp() AT TIME ZONE 'UTC', 'YYYYMMDD\"T\"HH24MISS')";
    let time = session.connection.value(time).await?.unwrap_or_default();
    for number in 1..=MOST {
        let suffix = numbered(&time, number);
        let kept: Vec<String> = names.clone().into_iter().map(|name| literal(&with_suffix(name, &suffix))).collect();
        if session.connection.value(namespace.taken(&kept.join(", "))).await?.is_none() {
            return Ok(suffix);
        }
    }
    Err(Error::already_exists(format!("{MOST} names that end in _old_{time} are taken"))
        .with_hint("drop what is kept of earlier replacements, and restore again"))
}

fn numbered(time: &str, number: usize) -> String {
    match number {
        0 | 1 => format!("_old_{time}"),
        more => format!("_old_{time}_{more}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_a_second_has_no_number() {
        assert_eq!(numbered("20261201T040000", 1), "_old_20261201T040000");
        assert_eq!(numbered("20261201T040000", 2), "_old_20261201T040000_2");
    }
}
