//! What stands for or against an operation.

use std::fmt;

use serde::Serialize;

use crate::error::{Error, Result};
use crate::plugin::Finding;
use crate::secrets::sanitize;

/// Findings of a check or of a dry run.
#[derive(Debug, Serialize)]
pub struct Findings {
    possible: bool,
    findings: Vec<Finding>,
}

impl Findings {
    pub(super) fn new(findings: Vec<Finding>) -> Self {
        Self { possible: !findings.iter().any(|f| f.severity == "blocker"), findings }
    }

    /// Ok if nothing stands against it.
    ///
    /// # Errors
    /// "permission-denied" with `refusal` as its message.
    pub(super) fn verdict(&self, refusal: &str) -> Result<()> {
        if self.possible {
            return Ok(());
        }
        Err(Error::permission_denied(refusal).with_hint("mend what is marked as a blocker above and try again"))
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.findings.is_empty() {
            return f.write_str("nothing stands against it");
        }
        for finding in &self.findings {
            write!(f, "{}: ", sanitize(&finding.severity))?;
            if !finding.object.is_empty() {
                write!(f, "{}: ", sanitize(&finding.object))?;
            }
            writeln!(f, "{}", sanitize(&finding.what))?;
            if let Some(remedy) = &finding.remedy {
                writeln!(f, "    {}", sanitize(remedy))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn finding(severity: &str, remedy: Option<&str>) -> Finding {
        Finding {
            severity: severity.into(),
            object: String::new(),
            what: "no right\u{1b}".into(),
            remedy: remedy.map(Into::into),
        }
    }

    #[test]
    fn only_a_blocker_stands_against_it() {
        assert!(Findings::new(vec![finding("ok", None), finding("warning", None)]).verdict("no").is_ok());
        let error = Findings::new(vec![finding("ok", None), finding("blocker", None)]).verdict("no").unwrap_err();
        assert_eq!((error.code(), error.message()), ("permission-denied", "no"));
    }

    #[test]
    fn a_finding_comes_with_its_remedy() {
        let shown = Findings::new(vec![finding("blocker", Some("GRANT pg_read_all_data TO backup;"))]).to_string();
        assert_eq!(shown, "blocker: no right\\u{1b}\n    GRANT pg_read_all_data TO backup;\n");
    }
}
