//! Which providers of security labels the target has.

use super::check::finding;
use crate::backup::units::note;
use crate::entry::Entry;
use crate::quote::ident;
use crate::session::Session;
use cofferdam_sdk::Result;
use cofferdam_sdk::engine::{Finding, Note};
use std::collections::BTreeSet;

const NOT_LOADED: &str = "the target has no such provider of labels loaded (shared_preload_libraries)";

/// Providers of the source that the target hasn't loaded.
#[derive(Debug, Default)]
pub struct MissingProviders(BTreeSet<String>);

impl MissingProviders {
    /// Asks the target. It has no list of them, but looks for the provider of a label before it looks for the object, so
    /// asking for a label on a role that can't be tells them apart.
    pub async fn among(session: &Session, providers: &[String]) -> Result<Self> {
        let mut missing = BTreeSet::new();
        for provider in providers {
            let probe = format!("SECURITY LABEL FOR {} ON ROLE \"cofferdam, nobody\" IS NULL", ident(provider));
            match session.connection.run(probe).await {
                // Invalid parameter value: the provider isn't loaded.
                Err(error) if error.has_engine_code("22023") => {
                    missing.insert(provider.clone());
                }
                // Undefined object: the role.
                Err(error) if !error.has_engine_code("42704") => return Err(error),
                _ => {}
            }
        }
        Ok(Self(missing))
    }

    /// Whether an entry can be made as far as its label goes.
    pub fn allow(&self, entry: &Entry) -> bool {
        entry.label_provider.as_ref().is_none_or(|provider| !self.0.contains(provider))
    }

    /// What to tell of an entry that can't.
    pub fn note(&self, entry: &Entry) -> Option<Note> {
        let provider = entry.label_provider.as_ref().filter(|_| !self.allow(entry))?;
        let object = format!("SECURITY LABEL FOR {} ON {}", ident(provider), entry.object);
        Some(note("left-out", object, NOT_LOADED))
    }

    /// What to tell of each provider before anything is made.
    pub fn findings(&self) -> impl Iterator<Item = Finding> {
        self.0.iter().map(|provider| {
            let object = format!("SECURITY LABELS of {}", ident(provider));
            finding("left-out", object, NOT_LOADED, None)
        })
    }
}
