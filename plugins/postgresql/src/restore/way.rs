//! How the target is come by.

use super::check::finding;
use super::locale::Locale;
use super::replace;
use super::source::Facts;
use super::target::{Target, exists, occupant};
use super::wishes::{IfExists, Wishes};
use crate::backup::units::{DATABASE, SETTINGS, SYSTEM_PRIVILEGES};
use crate::quote::ident;
use crate::session::Session;
use cofferdam_sdk::engine::{Finding, RestoreOptions};
use cofferdam_sdk::{Endpoint, Error, Result};
use serde::{Deserialize, Serialize};

/// How the target is come by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Way {
    /// It is built under another name and gets its own at the end.
    Beside,
    /// It is there, and wholly empty.
    InPlace,
    /// It is built under another name and takes the place of one that is there.
    Replacing,
    /// It is there and is added to.
    Adding,
}

impl Way {
    /// What of a unit's the database has already and keeps, if the unit is left out for it. What is replaced or added is
    /// content; what belongs to the name stays.
    pub fn keeps(self, unit: &str) -> Option<&'static str> {
        match (self, unit) {
            (Self::InPlace | Self::Replacing | Self::Adding, DATABASE) => {
                Some("it was there: it keeps its own owner, privileges, comment and limit of connections")
            }
            (Self::Replacing | Self::Adding, SETTINGS) => Some("it was there: it keeps its own settings"),
            (Self::Adding, SYSTEM_PRIVILEGES) => {
                Some("it was there: it keeps what is granted on the server's own objects")
            }
            _ => None,
        }
    }
}

/// Finds the way, and what stands against it.
pub async fn find(
    endpoint: &Endpoint,
    maintenance: &Session,
    options: &RestoreOptions,
    wishes: &Wishes,
    facts: &Facts,
) -> Result<(Way, Vec<Finding>)> {
    let name = options.database.as_deref().unwrap_or(&facts.database);
    let object = format!("DATABASE {}", ident(name));
    if !exists(maintenance, name).await? {
        if wishes.if_exists == IfExists::Append {
            return Err(Error::not_found(format!("there is no database {} to add to", ident(name)))
                .with_hint("without --if-exists append it is made"));
        }
        return Ok((Way::Beside, vec![makes_databases(maintenance, object).await?]));
    }
    match wishes.if_exists {
        IfExists::Replace if wishes.exchanges() => Ok((Way::Adding, Vec::new())),
        IfExists::Replace => Ok((Way::Replacing, replace::check(maintenance, name, wishes).await?)),
        IfExists::Append => Ok((Way::Adding, Vec::new())),
        IfExists::Fail => {
            let session = Target::in_place(name, &facts.encoding, 0).open(endpoint, &options.operation_id).await?;
            Ok((Way::InPlace, vec![in_place(&session, object, facts).await?]))
        }
    }
}

async fn in_place(session: &Session, object: String, facts: &Facts) -> Result<Finding> {
    if let Some(occupant) = occupant(session).await? {
        let remedy = "--database with another name, --if-exists replace or --if-exists append";
        let what = format!("it is there and isn't empty: it has {occupant}");
        return Ok(finding("blocker", object, what, Some(remedy.to_owned())));
    }
    Ok(match Locale::read(session).await?.differences(facts) {
        (Some(blocker), _) => finding("blocker", object, blocker, None),
        (None, Some(changed)) => finding("changed", object, changed, None),
        _ => finding("ok", object, "it is there and empty, and will be restored into", None),
    })
}

async fn makes_databases(maintenance: &Session, object: String) -> Result<Finding> {
    let may = "SELECT rolsuper OR rolcreatedb FROM pg_catalog.pg_roles WHERE rolname = current_user";
    if maintenance.connection.value(may).await?.as_deref() == Some("t") {
        return Ok(finding("ok", object, "it isn't there and will be made", None));
    }
    let remedy = "SELECT pg_catalog.format('ALTER ROLE %I CREATEDB', current_user)";
    let remedy = maintenance.connection.value(remedy).await?;
    Ok(finding("blocker", object, "it isn't there, and the role may not make it", remedy))
}
