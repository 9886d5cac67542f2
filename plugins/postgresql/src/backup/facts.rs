//! What is to know of the database as a whole.

use super::units::Units;
use crate::catalog::rows::Catalogue;
use crate::quote::ident;
use cofferdam_sdk::{Error, Options, Result};
use serde::{Deserialize, Serialize};

const QUERY: &str = include_str!("facts.sql");

/// Facts of a database and its server.
#[derive(Clone, Deserialize)]
pub struct Facts {
    database: String,
    /// The database's encoding, by its server's name for it.
    pub encoding: String,
    collate: String,
    ctype: String,
    locale_provider: String,
    locale: Option<String>,
    icu_rules: Option<String>,
    owner: String,
    tablespace: Option<String>,
    /// Whether the server is a standby.
    pub standby: bool,
    /// The server's version as people know it.
    pub server_version: String,
    /// The server's clock when the transaction began.
    pub taken_at: String,
    /// Where in the server's log the snapshot is, about.
    pub position: Option<String>,
    extensions: Option<Vec<Extension>>,
}

/// An extension and its version.
#[derive(Clone, Serialize, Deserialize)]
pub struct Extension {
    /// Its name.
    pub name: String,
    /// The version that is installed in the database.
    pub version: String,
}

impl Facts {
    /// Reads them.
    pub async fn read(catalogue: Catalogue<'_>) -> Result<Self> {
        let facts = catalogue.rows(QUERY).await?.into_iter().next();
        facts.ok_or_else(|| Error::corrupt("the server doesn't know the database that we are connected to"))
    }

    /// What a restore needs of them.
    pub fn extra(&self, units: &Units) -> Result<Options> {
        let carried: Vec<&Extension> = self
            .extensions
            .iter()
            .flatten()
            .filter(|e| units.contents.0.iter().any(|item| item.object == format!("EXTENSION {}", ident(&e.name))))
            .collect();
        let json = |what: &str, value: serde_json::Result<String>| {
            value.map_err(|error| Error::internal(format!("the {what} can't be written down: {error}")))
        };
        let mut extra = vec![
            ("database".to_owned(), self.database.clone()),
            ("encoding".to_owned(), self.encoding.clone()),
            ("collate".to_owned(), self.collate.clone()),
            ("ctype".to_owned(), self.ctype.clone()),
            ("locale-provider".to_owned(), self.locale_provider.clone()),
            ("extensions".to_owned(), json("extensions", serde_json::to_string(&carried))?),
            ("contents".to_owned(), json("contents", serde_json::to_string(&units.contents))?),
            ("roles".to_owned(), json("roles", serde_json::to_string(&units.roles()))?),
            ("owners".to_owned(), json("owners", serde_json::to_string(&units.owners()))?),
            ("globals".to_owned(), json("globals", serde_json::to_string(&units.global_roles))?),
            ("owner".to_owned(), self.owner.clone()),
            ("tablespaces".to_owned(), json("tablespaces", serde_json::to_string(&units.tablespaces()))?),
            ("label-providers".to_owned(), json("label providers", serde_json::to_string(&units.label_providers()))?),
        ];
        extra.extend(self.tablespace.clone().map(|name| ("tablespace".to_owned(), name)));
        extra.extend(self.locale.clone().map(|locale| ("locale".to_owned(), locale)));
        extra.extend(self.icu_rules.clone().map(|rules| ("icu-rules".to_owned(), rules)));
        Ok(extra)
    }
}
