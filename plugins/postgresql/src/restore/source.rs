//! What the backup says of the database that it was made of.

use cofferdam_sdk::engine::Source;
use cofferdam_sdk::{Error, Result, options};
use serde::Deserialize;

/// The source database.
#[derive(Debug)]
pub struct Facts {
    /// Its name.
    pub database: String,
    /// Its encoding.
    pub encoding: String,
    /// Its order of text.
    pub collate: String,
    /// Its classes of characters.
    pub ctype: String,
    /// Who provides both: "c" for the C library, "i" for ICU, "b" for PostgreSQL itself.
    pub locale_provider: String,
    /// The provider's locale, where it isn't the C library.
    pub locale: Option<String>,
    /// Rules that ICU's order is tailored by.
    pub icu_rules: Option<String>,
    /// Extensions that it has installed.
    pub extensions: Vec<Extension>,
    /// Roles that its objects name.
    pub roles: Vec<String>,
    /// Those of them that something is given to, or made by.
    pub owners: Vec<String>,
    /// The roles of the server, if the backup holds them.
    pub globals: Vec<String>,
    /// Whom the database belongs to.
    pub owner: Option<String>,
    /// Its own tablespace.
    pub tablespace: Option<String>,
    /// The tablespaces of its objects that are in another.
    pub tablespaces: Vec<String>,
    /// Providers of security labels that its objects have labels of.
    pub label_providers: Vec<String>,
    /// How many units the backup has.
    pub units: usize,
    /// The server's major version.
    pub major: Option<u32>,
}

/// An extension.
#[derive(Debug, Deserialize)]
pub struct Extension {
    /// Its name.
    pub name: String,
    /// The version that was installed.
    pub version: String,
}

impl Facts {
    /// Reads them from what the plan noted.
    pub fn of(source: &Source) -> Result<Self> {
        let value = |key: &str| {
            options::get(&source.extra, key)
                .map(str::to_owned)
                .ok_or_else(|| Error::corrupt(format!("the backup doesn't say its database's {key}")))
        };
        let unreadable =
            |what: &str, error| Error::corrupt(format!("the backup's list of {what} isn't readable: {error}"));
        let extensions: Option<Vec<Extension>> =
            serde_json::from_str(&value("extensions")?).map_err(|error| unreadable("extensions", error))?;
        // Backups before there were any don't say so.
        let names = |key: &str| {
            serde_json::from_str(options::get(&source.extra, key).unwrap_or("[]"))
                .map_err(|error| unreadable(key, error))
        };
        Ok(Self {
            database: value("database")?,
            encoding: value("encoding")?,
            collate: value("collate")?,
            ctype: value("ctype")?,
            locale_provider: value("locale-provider")?,
            locale: value("locale").ok(),
            icu_rules: value("icu-rules").ok(),
            extensions: extensions.unwrap_or_default(),
            roles: serde_json::from_str(&value("roles")?).map_err(|error| unreadable("roles", error))?,
            owners: names("owners")?,
            globals: names("globals")?,
            owner: value("owner").ok(),
            tablespace: value("tablespace").ok(),
            tablespaces: names("tablespaces")?,
            label_providers: names("label-providers")?,
            units: source.units.len(),
            major: source.server_version.split(['.', ' ']).next().and_then(|major| major.parse().ok()),
        })
    }
}
