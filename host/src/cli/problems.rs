//! What is wrong with backups.

use std::fmt;

use serde::Serialize;

use crate::error::{Error, Result};
use crate::repository::Problem;
use crate::secrets::sanitize;

/// The problems that a check found.
#[derive(Debug, Serialize)]
pub struct Problems {
    problems: Vec<Problem>,
}

impl Problems {
    pub(super) fn new(problems: Vec<Problem>) -> Self {
        Self { problems }
    }

    /// Ok if there is none.
    ///
    /// # Errors
    /// "corrupt", saying what `it` is.
    pub(super) fn verdict(&self, it: &str) -> Result<()> {
        match self.problems.len() {
            0 => Ok(()),
            1 => Err(Error::corrupt(format!("{it} has a problem"))),
            n => Err(Error::corrupt(format!("{it} has {n} problems"))),
        }
        .map_err(|e| e.with_hint("they are listed on standard output; make new backups of what they concern"))
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for problem in &self.problems {
            let unit = problem.unit.as_deref().map(|u| format!(", unit {}", sanitize(u))).unwrap_or_default();
            writeln!(
                f,
                "backup {}{unit}, object {}: {}",
                sanitize(&problem.backup),
                sanitize(&problem.object),
                sanitize(&problem.what)
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_problem_names_backup_unit_and_object_and_makes_it_corrupt() {
        let problem = Problem {
            backup: "b".into(),
            unit: Some("data/x".into()),
            object: "chunks/1".into(),
            what: "it is missing".into(),
        };
        let problems = Problems::new(vec![problem]);
        assert_eq!(problems.to_string(), "backup b, unit data/x, object chunks/1: it is missing\n");
        assert_eq!(problems.verdict("it").unwrap_err().code(), "corrupt");
        assert!(Problems::new(Vec::new()).verdict("it").is_ok());
    }
}
