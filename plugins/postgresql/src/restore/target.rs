//! The database that is written to, and under which name.

use super::source::Facts;
use super::way::Way;
use super::wishes::Wishes;
use crate::quote::{ident, literal};
use crate::session::Session;
use cofferdam_sdk::{Endpoint, Error, Result};
use serde::{Deserialize, Serialize};

/// What stands between a database's name and the operation's id while it is built.
pub const WORKING_INFIX: &str = "__cofferdam_";

/// Bytes of a name that PostgreSQL keeps (NAMEDATALEN - 1).
const LONGEST_NAME: usize = 63;

/// The comment of a database while it is restored into.
pub fn restoring_comment(operation_id: &str) -> String {
    format!("cofferdam {operation_id}: restoring")
}

/// Where a restore goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// The database that is written to.
    pub working: String,
    /// The name under which it is seen in the end. The same as `working` if the database was there, and empty.
    pub name: String,
    /// The encoding of the rows that come.
    pub encoding: String,
    /// How many units come.
    pub units: usize,
    /// Whom it is given to in the end, if it is made anew.
    pub owner: Option<String>,
    /// Providers of security labels that the source's objects have labels of.
    pub label_providers: Vec<String>,
    /// How it is come by.
    pub way: Way,
}

impl Target {
    /// A database built beside, so that nothing half-done is ever seen under the name.
    pub fn beside(name: &str, operation_id: &str, encoding: &str, units: usize) -> Self {
        let working = with_suffix(name, &format!("{WORKING_INFIX}{operation_id}"));
        Self { working, way: Way::Beside, ..Self::in_place(name, encoding, units) }
    }

    /// A database that is there already.
    pub fn in_place(name: &str, encoding: &str, units: usize) -> Self {
        Self {
            working: name.to_owned(),
            name: name.to_owned(),
            encoding: encoding.to_owned(),
            units,
            owner: None,
            label_providers: Vec::new(),
            way: Way::InPlace,
        }
    }

    /// With what the source says of itself, and the operator of owners.
    #[must_use]
    pub fn of(self, facts: &Facts, wishes: &Wishes) -> Self {
        let owner = facts.owner.as_ref().filter(|_| !wishes.no_owner);
        let owner = owner.map(|owner| wishes.owners.get(owner).unwrap_or(owner).clone());
        Self { owner, label_providers: facts.label_providers.clone(), ..self }
    }

    /// The same, come by in another way.
    #[must_use]
    pub fn by(self, way: Way) -> Self {
        Self { way, ..self }
    }

    /// Connects to it, with what makes writing fast and lets definitions in that refer to what comes later.
    pub async fn open(&self, endpoint: &Endpoint, operation_id: &str) -> Result<Session> {
        let session = Session::open(endpoint, Some(self.working.clone()), operation_id).await?;
        session
            .connection
            .run(
                "SET synchronous_commit = off; SET maintenance_work_mem = '256MB'; SET check_function_bodies = off;
                 SET xmloption = content; SET default_table_access_method = heap; SET default_tablespace = '';
                 SET default_transaction_read_only = off; SET lock_timeout = 0",
            )
            .await?;
        Ok(session)
    }

    /// The statement that makes a database as the source was, in a tablespace if not in the server's default.
    pub fn create(&self, facts: &Facts, tablespace: Option<&str>, major: u32) -> String {
        let mut sql = format!(
            "CREATE DATABASE {} TEMPLATE template0 ENCODING {} LC_COLLATE {} LC_CTYPE {}",
            ident(&self.working),
            literal(&facts.encoding),
            literal(&facts.collate),
            literal(&facts.ctype)
        );
        if major >= 15 {
            let provider = match facts.locale_provider.as_str() {
                "i" => "icu",
                "b" if major >= 17 => "builtin",
                _ => "libc",
            };
            sql.push_str(&format!(" LOCALE_PROVIDER {provider}"));
            if let (Some(locale), "icu" | "builtin") = (&facts.locale, provider) {
                let setting = if provider == "icu" { "ICU_LOCALE" } else { "BUILTIN_LOCALE" };
                sql.push_str(&format!(" {setting} {}", literal(locale)));
            }
            if let (Some(rules), "icu", true) = (&facts.icu_rules, provider, major >= 16) {
                sql.push_str(&format!(" ICU_RULES {}", literal(rules)));
            }
        }
        if let Some(tablespace) = tablespace {
            sql.push_str(&format!(" TABLESPACE {}", ident(tablespace)));
        }
        sql
    }
}

/// A name with something behind it, shortened where the server would cut what is behind it.
pub fn with_suffix(name: &str, suffix: &str) -> String {
    let mut end = LONGEST_NAME.saturating_sub(suffix.len()).min(name.len());
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{suffix}", name.get(..end).unwrap_or_default())
}

/// Whether a database of that name is there.
pub async fn exists(session: &Session, name: &str) -> Result<bool> {
    let query = format!("SELECT 1 FROM pg_catalog.pg_database WHERE datname = {}", literal(name));
    Ok(session.connection.value(query).await?.is_some())
}

/// Something of a user's that is in the database, if there is anything.
pub async fn occupant(session: &Session) -> Result<Option<String>> {
    session.connection.value(session.version.assemble(include_str!("occupant.sql"))).await
}

/// The error for a database that holds something.
pub fn occupied(name: &str, occupant: &str) -> Error {
    Error::already_exists(format!("database {} is there and isn't empty: it has {occupant}", ident(name)))
        .with_hint("name another database, or choose --if-exists replace or append")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;

    fn facts() -> Facts {
        Facts {
            database: "d".to_owned(),
            encoding: "UTF8".to_owned(),
            collate: "C".to_owned(),
            ctype: "C".to_owned(),
            locale_provider: "i".to_owned(),
            locale: Some("und".to_owned()),
            icu_rules: None,
            extensions: Vec::new(),
            roles: Vec::new(),
            owners: Vec::new(),
            globals: Vec::new(),
            owner: None,
            tablespace: None,
            tablespaces: Vec::new(),
            label_providers: Vec::new(),
            units: 1,
            major: Some(15),
        }
    }

    #[test]
    fn a_working_name_keeps_the_operations_id_whole() {
        let id = "01j0123456789abcdefghjkmnp";
        let target = Target::beside(&"ü".repeat(40), id, "UTF8", 1);
        assert!(target.working.len() <= LONGEST_NAME);
        assert!(target.working.ends_with(&format!("{WORKING_INFIX}{id}")));
        assert!(target.working.starts_with("üüüü"));
        assert_eq!(target.way, Way::Beside);
    }

    #[test]
    fn a_locale_provider_is_named_where_the_server_knows_any() {
        let facts = facts();
        let target = Target::in_place("d", "UTF8", 1);
        assert!(target.create(&facts, None, 15).ends_with("LOCALE_PROVIDER icu ICU_LOCALE 'und'"));
        assert!(target.create(&facts, None, 14).ends_with("LC_CTYPE 'C'"));
    }
}
