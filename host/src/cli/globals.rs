//! What belongs to the server and not to a database.

use super::into::known;
use crate::error::Result;
use crate::operation::Party;

/// What a backup takes.
#[derive(Debug, clap::Args)]
pub struct GlobalsArgs {
    /// Also what belongs to the server: roles with their passwords, settings and memberships; never restored unless told
    #[arg(long)]
    globals: bool,

    /// With --globals, leave out the passwords of roles
    #[arg(long, requires = "globals")]
    no_role_passwords: bool,
}

impl GlobalsArgs {
    /// The settings that say so, behind `settings`.
    ///
    /// # Errors
    /// "unsupported" if the engine doesn't know them.
    pub fn settings(self, party: &Party, mut settings: Vec<(String, String)>) -> Result<Vec<(String, String)>> {
        let mut given = Vec::new();
        given.extend(self.globals.then(|| ("globals".to_owned(), "on".to_owned())));
        given.extend(self.no_role_passwords.then(|| ("role-passwords".to_owned(), "off".to_owned())));
        known(party, &given)?;
        settings.extend(given);
        Ok(settings)
    }
}
