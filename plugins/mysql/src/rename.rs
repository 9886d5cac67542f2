//! Definitions that name their own database, for one that bears another name.

use crate::sql;

/// What a text that the server made says with another name for its own database; none if it can't be told for sure,
/// since something else in it bears the same name.
pub fn database(statement: &str, from: &str, to: &str) -> Option<String> {
    let (from, to) = (sql::name(from), sql::name(to));
    let strings = sql::without_strings(statement);
    let (mut renamed, mut at) = (String::with_capacity(statement.len()), 0);
    while let Some(found) = strings.get(at..)?.find(&from) {
        let start = at + found;
        let end = start + from.len();
        renamed.push_str(statement.get(at..start)?);
        at = end;
        let behind_name = strings.get(..start)?.ends_with(['.', '`']);
        if behind_name || strings.get(end..)?.starts_with('`') {
            renamed.push_str(&from);
        } else if strings.get(end..)?.starts_with('.') {
            renamed.push_str(&to);
        } else {
            // An alias, and what stands before a dot may be that.
            return None;
        }
    }
    renamed.push_str(statement.get(at..)?);
    Some(renamed)
}

/// Whether a text that somebody typed seems to name a database.
pub fn mentions(statement: &str, database: &str) -> bool {
    let strings = sql::without_strings(statement);
    let bare = format!("{database}.");
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$');
    strings.contains(&format!("{}.", sql::name(database)))
        || strings.match_indices(&bare).any(|(at, _)| !strings.get(..at).is_some_and(|b| b.ends_with(is_word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_gets_its_other_name_wherever_it_stands_before_a_dot() {
        let view = "select `shop`.`f`(`shop`.`t`.`shop`) AS `x`,'`shop`.' from `shop`.`t` join `other`.`shop`";
        assert_eq!(
            database(view, "shop", "again").as_deref(),
            Some("select `again`.`f`(`again`.`t`.`shop`) AS `x`,'`shop`.' from `again`.`t` join `other`.`shop`")
        );
    }

    #[test]
    fn an_alias_of_that_name_makes_it_unsure() {
        assert_eq!(database("select `shop`.`id` from `t` `shop`", "shop", "again"), None);
    }

    #[test]
    fn what_somebody_typed_may_name_it_without_quotes() {
        assert!(mentions("delete from shop.t", "shop"));
        assert!(mentions("delete from `shop`.`t`", "shop"));
        assert!(!mentions("delete from workshop.t where a = 'shop.t'", "shop"));
    }
}
