//! What a comparison found.

use std::fmt;

use super::human;
use super::table::Table;
use crate::error::{Error, Result};
use crate::operation::compare::Comparison;
use crate::operation::portrait::What;
use crate::secrets::sanitize;

impl Comparison {
    /// Ok if nothing differs.
    ///
    /// # Errors
    /// "conflict", with what differs by its number.
    pub(super) fn same(&self) -> Result<()> {
        if self.differences.is_empty() {
            return Ok(());
        }
        let number = human::several(self.differences.len() as u64, "difference");
        let between = format!("{} and {}", self.source, self.target);
        Err(if self.is_same_but_for_wording() {
            Error::conflict(format!("{number} between {between}, all of them in how definitions are written"))
                .with_hint("servers of different versions write the same definition differently; look at those listed")
        } else {
            Error::conflict(format!("{number} between {between}")).with_hint("they are listed on standard output")
        })
    }

    /// Ok if what was restored is what was backed up. Servers of different versions may word definitions differently.
    ///
    /// # Errors
    /// "corrupt", with what differs by its number.
    pub(super) fn restored(&self) -> Result<()> {
        if self.is_same_but_for_wording() {
            return Ok(());
        }
        let number = human::several(self.differences.len() as u64, "difference");
        Err(Error::corrupt(format!("what {} restores to isn't what was backed up: {number}", self.source))
            .with_hint("they are listed on standard output; make a new backup, and verify it"))
    }
}

fn word(what: What) -> &'static str {
    match what {
        What::OnlyInSource => "only in source",
        What::OnlyInTarget => "only in target",
        What::Rows => "rows",
        What::Definition => "definition",
        What::Wording => "definition, or its wording",
        What::Rights => "owner or rights",
        What::NotCompared => "can't be compared",
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for caveat in &self.caveats {
            writeln!(f, "{}", sanitize(caveat))?;
        }
        if !self.expected.is_empty() {
            let expected = human::several(self.expected.len() as u64, "difference");
            writeln!(f, "{expected} that the restore told of: what the target has no roles for")?;
        }
        if self.differences.is_empty() {
            let objects = human::several(self.objects as u64, "object");
            let rows = human::several(self.rows, "row");
            return write!(f, "{} and {} are the same: {objects}, {rows}", self.source, self.target);
        }
        let mut table = Table::new(&["DIFFERS", "OBJECT", ">SOURCE ROWS", ">TARGET ROWS"]);
        for difference in &self.differences {
            let rows = |count: Option<u64>| count.map(human::count).unwrap_or_default();
            table.row([
                word(difference.what).to_owned(),
                difference.object.clone(),
                rows(difference.source_rows),
                rows(difference.target_rows),
            ]);
        }
        table.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::portrait::Difference;

    fn found(whats: &[What]) -> Comparison {
        let difference = |what: &What| Difference {
            object: "VIEW \"v\"\n".to_owned(),
            what: *what,
            source_rows: None,
            target_rows: None,
        };
        Comparison { differences: whats.iter().map(difference).collect(), ..Comparison::default() }
    }

    #[test]
    fn any_difference_is_a_failure_of_compare_and_all_but_wording_one_of_verify() {
        for (whats, same, restored) in [
            (&[][..], true, true),
            (&[What::Wording][..], false, true),
            (&[What::Wording, What::NotCompared][..], false, false),
            (&[What::Rows][..], false, false),
            (&[What::Rights][..], false, false),
        ] {
            let comparison = found(whats);
            assert_eq!((comparison.same().is_ok(), comparison.restored().is_ok()), (same, restored), "{whats:?}");
        }
    }

    #[test]
    fn a_name_cannot_make_a_line_of_its_own() {
        assert_eq!(found(&[What::Rows]).to_string().lines().count(), 2);
    }
}
