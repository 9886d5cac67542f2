//! What the user may do, from `SHOW GRANTS`. Much of `information_schema` is just missing for who may not see it, so that
//! a backup by a user with too little would be too small without a word.

use cofferdam_sdk::Result;

use crate::session::Session;
use crate::sql;

/// What a user has, a statement for each object. Never told to anyone: MariaDB writes password hashes into it.
pub struct Grants {
    account: String,
    grants: Vec<String>,
}

impl Grants {
    /// The user's, with those of its current roles.
    ///
    /// # Errors
    /// What the server says.
    pub async fn read(session: &mut Session) -> Result<Self> {
        let user = session.column("SELECT CURRENT_USER()").await?.into_iter().next().unwrap_or_default();
        let mut statement = "SHOW GRANTS".to_owned();
        if !session.is_mariadb() {
            let roles = session.column("SELECT CURRENT_ROLE()").await?.into_iter().next().unwrap_or_default();
            if roles != "NONE" {
                statement = format!("SHOW GRANTS FOR CURRENT_USER() USING {roles}");
            }
        }
        Ok(Self { account: sql::account(&user), grants: session.column(statement).await? })
    }

    /// The statements that would give what is missing of `wanted` on `level`: a database, or everything if none is named.
    pub fn missing(&self, wanted: &[&str], database: Option<&str>) -> Option<Missing> {
        let lacking: Vec<_> = wanted.iter().copied().filter(|privilege| !self.has(privilege, database, None)).collect();
        let on = database.map_or_else(|| "*.*".to_owned(), |database| format!("{}.*", sql::name(database)));
        (!lacking.is_empty()).then(|| self.lacking(&lacking.join(", "), &on))
    }

    /// The statement that would give `SELECT` on a table of the server's own.
    pub fn missing_on(&self, database: &str, table: &str) -> Option<Missing> {
        let on = format!("{}.{}", sql::name(database), sql::name(table));
        (!self.has("SELECT", Some(database), Some(table))).then(|| self.lacking("SELECT", &on))
    }

    /// Whether the user may do something everywhere.
    pub fn everywhere(&self, privilege: &str) -> bool {
        self.has(privilege, None, None)
    }

    fn lacking(&self, privileges: &str, on: &str) -> Missing {
        Missing {
            what: format!("{} hasn't got {privileges} on {on}", self.account),
            remedy: format!("GRANT {privileges} ON {on} TO {}", self.account),
        }
    }

    fn has(&self, privilege: &str, database: Option<&str>, table: Option<&str>) -> bool {
        self.grants.iter().filter_map(|grant| Grant::parse(grant)).any(|grant| {
            grant.covers(database, table) && grant.privileges.iter().any(|p| *p == "ALL PRIVILEGES" || *p == privilege)
        })
    }
}

/// What a user lacks.
pub struct Missing {
    /// In words.
    pub what: String,
    /// The statement that gives it.
    pub remedy: String,
}

struct Grant<'a> {
    privileges: Vec<&'a str>,
    on: &'a str,
}

impl<'a> Grant<'a> {
    /// "GRANT a, b ON object TO user ...".
    fn parse(grant: &'a str) -> Option<Self> {
        let (privileges, rest) = grant.strip_prefix("GRANT ")?.split_once(" ON ")?;
        let (on, _) = rest.split_once(" TO ")?;
        Some(Self { privileges: privileges.split(", ").collect(), on })
    }

    fn covers(&self, database: Option<&str>, table: Option<&str>) -> bool {
        if self.on == "*.*" {
            return true;
        }
        let Some(database) = database else { return false };
        if let Some(pattern) = self.on.strip_suffix(".*") {
            let pattern = pattern.trim_matches('`').replace("``", "`");
            return like(pattern.as_bytes(), database.as_bytes());
        }
        table.is_some_and(|table| self.on == format!("{}.{}", sql::name(database), sql::name(table)))
    }
}

/// Whether a database's name fits the pattern of a grant, in which `%` and `_` are wild ("GRANT", "Database Privileges").
fn like(pattern: &[u8], name: &[u8]) -> bool {
    match (pattern.split_first(), name.split_first()) {
        (None, None) => true,
        (Some((b'%', rest)), _) => {
            like(rest, name) || name.split_first().is_some_and(|(_, shorter)| like(pattern, shorter))
        }
        (Some((b'\\', rest)), Some((byte, name))) => {
            rest.split_first().is_some_and(|(wanted, rest)| wanted == byte && like(rest, name))
        }
        (Some((b'_', rest)), Some((_, name))) => like(rest, name),
        (Some((wanted, rest)), Some((byte, name))) => wanted == byte && like(rest, name),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn grants(grants: &[&str]) -> Grants {
        Grants { account: "'joe'@'%'".to_owned(), grants: grants.iter().map(|&grant| grant.to_owned()).collect() }
    }

    #[test]
    fn what_is_missing_comes_with_the_statement_that_gives_it() {
        let some = grants(&[
            "GRANT RELOAD ON *.* TO `joe`@`%` IDENTIFIED BY PASSWORD '*B6'",
            "GRANT SELECT, TRIGGER ON `shop\\_1`.* TO `joe`@`%`",
            "GRANT SELECT ON `mysql`.`proc` TO `joe`@`%`",
        ]);
        assert!(some.missing(&["RELOAD"], None).is_none());
        assert!(some.missing(&["SELECT", "TRIGGER"], Some("shop_1")).is_none());
        let missing = some.missing(&["SELECT", "EVENT"], Some("shopX1")).unwrap();
        assert_eq!(missing.remedy, "GRANT SELECT, EVENT ON `shopX1`.* TO 'joe'@'%'");
        assert!(!missing.what.contains("*B6"));
        assert!(some.missing_on("mysql", "proc").is_none());
        assert!(some.missing_on("mysql", "event").is_some());
        assert!(!some.everywhere("SELECT"));
    }

    #[test]
    fn who_has_everything_lacks_nothing() {
        let all = grants(&["GRANT ALL PRIVILEGES ON *.* TO `joe`@`%` WITH GRANT OPTION"]);
        assert!(all.missing(&["SELECT", "EVENT"], Some("shop")).is_none());
        assert!(all.missing_on("mysql", "proc").is_none());
    }

    #[test]
    fn a_grant_on_one_table_is_none_on_its_database() {
        let one = grants(&["GRANT SELECT ON `shop`.`t` TO `joe`@`%`"]);
        assert!(one.missing(&["SELECT"], Some("shop")).is_some());
    }
}
