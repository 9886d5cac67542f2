//! How a restore or a clone meets what is there.

use clap::builder::PossibleValuesParser;

use crate::error::{Error, Result};
use crate::operation::Party;

/// What both commands take.
#[derive(Debug, clap::Args)]
pub struct IntoArgs {
    /// What to do with a database of that name that holds something
    ///
    /// fail refuses. replace builds the new one beside it and swaps the names in one transaction; the old one is kept as
    /// NAME_old_TIME. With --only it replaces what was named and nothing else, in one transaction, if the engine can; the
    /// old ones are kept in a schema SCHEMA_old_TIME. append adds to it, all at once or not at all, and alters nothing of
    /// what is there.
    #[arg(long, value_name = "HOW", default_value = "fail", value_parser = PossibleValuesParser::new(["fail", "replace", "append"]))]
    if_exists: String,

    /// Put the objects of one schema into another, new one of a database that is there; goes with --if-exists append
    #[arg(long, value_name = "SCHEMA")]
    into_schema: Option<String>,

    /// Give what belongs to a role of the source to another one; may be repeated
    #[arg(long = "owner", value_name = "SOURCE=TARGET", value_parser = super::setting)]
    owners: Vec<(String, String)>,

    /// Let everything belong to the role that restores
    #[arg(long, conflicts_with = "owners")]
    no_owner: bool,

    /// With --if-exists replace, end sessions that are connected to the old database
    #[arg(long)]
    end_sessions: bool,

    /// With --if-exists replace, drop what was replaced once the new one is in its place
    #[arg(long)]
    drop_old: bool,

    /// Run functions of the source as a superuser, if the role that restores is one
    #[arg(long)]
    as_superuser: bool,
}

impl IntoArgs {
    /// What to do with a database that is there, and the settings that say the rest. `settings` come first.
    ///
    /// # Errors
    /// "unsupported" for what the engine doesn't know.
    pub fn settings(self, party: &Party, settings: Vec<(String, String)>) -> Result<(String, Vec<(String, String)>)> {
        let mut given: Vec<(String, String)> = Vec::new();
        given.extend(self.into_schema.map(|schema| ("into-schema".to_owned(), schema)));
        given.extend(self.owners.into_iter().map(|(from, to)| ("owner".to_owned(), format!("{from}={to}"))));
        let switches = [
            ("no-owner", self.no_owner),
            ("end-sessions", self.end_sessions),
            ("drop-old", self.drop_old),
            ("as-superuser", self.as_superuser),
        ];
        given.extend(switches.into_iter().filter(|(_, on)| *on).map(|(name, _)| (name.to_owned(), "on".to_owned())));
        known(party, &given)?;
        Ok((self.if_exists, settings.into_iter().chain(given).collect()))
    }
}

/// Refuses an option that the engine doesn't know by the same name.
pub(super) fn known(party: &Party, given: &[(String, String)]) -> Result<()> {
    let about = &party.plugin.inspection().about;
    match given.iter().find(|(name, _)| about.settings.iter().all(|known| known.name != *name)) {
        Some((name, _)) => Err(Error::unsupported(format!("the engine {} doesn't know --{name}", about.name))),
        None => Ok(()),
    }
}
