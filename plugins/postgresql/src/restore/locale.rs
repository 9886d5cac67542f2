//! The encoding and the order of text of a database that is there already, beside the source's.

use super::source::Facts;
use crate::catalog::rows::Catalogue;
use crate::session::Session;
use cofferdam_sdk::{Error, Result};
use serde::Deserialize;

const QUERY: &str = include_str!("locale.sql");

/// How a database takes text.
#[derive(Debug, Deserialize)]
pub struct Locale {
    encoding: String,
    collate: String,
    ctype: String,
    provider: String,
    locale: Option<String>,
}

impl Locale {
    /// That of the database which the session is in.
    pub async fn read(session: &Session) -> Result<Self> {
        session.connection.run("BEGIN READ ONLY").await?;
        let catalogue = Catalogue::of(session);
        let rows = catalogue.rows::<Self>(QUERY).await?;
        session.connection.run("COMMIT").await?;
        rows.into_iter()
            .next()
            .ok_or_else(|| Error::corrupt("the server doesn't know the database that we are connected to"))
    }

    /// What stands against a restore into it, and what would only be otherwise.
    pub fn differences(&self, facts: &Facts) -> (Option<String>, Option<String>) {
        let blocker = (self.encoding != facts.encoding).then(|| {
            format!(
                "its encoding is {} and the source's is {}: not all of the text would come back as it was; \
                 drop the database, so that it is made as the source was",
                self.encoding, facts.encoding
            )
        });
        let ours = (&self.provider, &self.collate, &self.ctype, &self.locale);
        let theirs = (&facts.locale_provider, &facts.collate, &facts.ctype, &facts.locale);
        let changed = (ours != theirs).then(|| {
            let named = |locale: &Option<String>, collate: &String| locale.clone().unwrap_or_else(|| collate.clone());
            format!(
                "it is there and empty, and will be restored into; it orders text by {}, the source by {}",
                named(&self.locale, &self.collate),
                named(&facts.locale, &facts.collate)
            )
        });
        (blocker, changed)
    }
}
