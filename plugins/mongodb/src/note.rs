//! Notes and findings, said shortly.

use cofferdam_sdk::engine::{Finding, Note};

/// A note.
pub fn note(kind: &str, object: impl Into<String>, reason: impl Into<String>) -> Note {
    Note { kind: kind.to_owned(), object: object.into(), reason: reason.into() }
}

/// A finding.
pub fn finding(severity: &str, object: impl Into<String>, what: impl Into<String>, remedy: Option<&str>) -> Finding {
    Finding {
        severity: severity.to_owned(),
        object: object.into(),
        what: what.into(),
        remedy: remedy.map(str::to_owned),
    }
}
