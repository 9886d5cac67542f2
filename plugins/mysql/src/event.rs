//! Events that a copy must not run.

use crate::sql;

/// The statement that makes an event ("SHOW CREATE EVENT"), with the event switched off. None if it says nowhere whether
/// it is on.
pub fn switched_off(statement: &str) -> Option<String> {
    let bare = String::from_utf8(sql::bare(statement)).ok()?;
    // Before the body, in which anything may stand.
    let head = bare.find(" PRESERVE ")? + " PRESERVE ".len();
    let (before, after) = (statement.get(..head)?, statement.get(head..)?);
    if after.starts_with("DISABLE") {
        return Some(statement.to_owned());
    }
    after.strip_prefix("ENABLE").map(|rest| format!("{before}DISABLE{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_switched_off_and_its_body_stays() {
        let event = "CREATE DEFINER=`a`@`%` EVENT ` PRESERVE ` ON SCHEDULE EVERY 1 DAY ON COMPLETION NOT PRESERVE ENABLE \
            COMMENT 'x' DO SELECT 'ON COMPLETION PRESERVE ENABLE'";
        assert_eq!(switched_off(event), Some(event.replacen("NOT PRESERVE ENABLE", "NOT PRESERVE DISABLE", 1)));
        let off = "CREATE EVENT `e` ON SCHEDULE EVERY 1 DAY ON COMPLETION PRESERVE DISABLE ON SLAVE DO SELECT 1";
        assert_eq!(switched_off(off).as_deref(), Some(off));
        assert_eq!(switched_off("CREATE EVENT e"), None);
    }
}
