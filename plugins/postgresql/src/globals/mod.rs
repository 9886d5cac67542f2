//! What belongs to the server and not to a database: roles, who is a member of which and may set which parameters, and
//! tablespaces. It is backed up and restored only if told.

mod read;
mod write;

pub use read::Globals;
pub use write::write;

use cofferdam_sdk::{Error, Options, Result, options};

/// The unit of all of it. It comes before everything else, since objects belong to roles.
pub const UNIT: &str = "globals";

/// Kinds of what is in it, as reports tell them.
const ROLE: &str = "role";
const ROLE_SETTING: &str = "role setting";
const ROLE_LABEL: &str = "role label";
const MEMBERSHIP: &str = "role membership";
const PARAMETER: &str = "parameter privilege";
const TABLESPACE: &str = "tablespace";

/// What stands for all roles, where a privilege is everybody's.
const EVERYBODY: &str = "PUBLIC";

/// Whether it was asked for.
///
/// # Errors
/// "invalid-options" for a setting that is neither on nor off.
pub fn wanted(given: &Options) -> Result<bool> {
    switch(given, "globals", false)
}

/// Whether passwords of roles are read.
fn with_passwords(given: &Options) -> Result<bool> {
    switch(given, "role-passwords", true)
}

fn switch(given: &Options, name: &str, default: bool) -> Result<bool> {
    match options::get(given, name) {
        None => Ok(default),
        Some("on") => Ok(true),
        Some("off") => Ok(false),
        Some(other) => Err(Error::invalid_options(format!("{name} must be on or off, it is {other:?}"))),
    }
}
