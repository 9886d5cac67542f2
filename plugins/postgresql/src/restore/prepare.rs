//! The target, made ready.

use super::check::Looked;
use super::marker::Marker;
use super::source::Facts;
use super::tablespaces::Tablespaces;
use super::target::{Target, occupant, occupied, restoring_comment};
use super::way::Way;
use super::wishes::Wishes;
use crate::backup::units::note;
use crate::quote::{ident, literal};
use crate::session::Session;
use cofferdam_sdk::engine::{Note, RestoreOptions};
use cofferdam_sdk::{Endpoint, Result};

/// Where a server puts databases of which nothing else is said.
pub const DEFAULT_TABLESPACE: &str = "pg_default";

/// Makes an empty database for the restore, or takes the one that is there.
pub async fn prepare(
    endpoint: &Endpoint,
    maintenance: &Session,
    options: &RestoreOptions,
    wishes: &Wishes,
    facts: &Facts,
    looked: &Looked,
) -> Result<(Target, Vec<Note>)> {
    let name = options.database.as_deref().unwrap_or(&facts.database);
    let units = looked.scope.units.as_ref().map_or(facts.units, Vec::len);
    let mut notes = Vec::new();
    let target = match looked.way {
        Way::Adding => {
            return Ok((Target::in_place(name, &facts.encoding, units).by(Way::Adding).of(facts, wishes), notes));
        }
        Way::InPlace => Target::in_place(name, &facts.encoding, units).of(facts, wishes),
        way => {
            let target = Target::beside(name, &options.operation_id, &facts.encoding, units).by(way).of(facts, wishes);
            let tablespaces = Tablespaces::read(maintenance, &options.extra).await?;
            let tablespace = facts.tablespace.as_deref().filter(|name| *name != DEFAULT_TABLESPACE);
            let tablespace = tablespace.and_then(|name| tablespaces.of(name));
            notes.extend(create(maintenance, &target, facts, tablespace).await?);
            target
        }
    };
    let session = target.open(endpoint, &options.operation_id).await?;
    if let Some(occupant) = occupant(&session).await? {
        return Err(occupied(name, &occupant));
    }
    let comment = literal(&restoring_comment(&options.operation_id));
    session.connection.run(format!("COMMENT ON DATABASE {} IS {comment}", ident(&target.working))).await?;
    Marker::new(&options.operation_id).create(&session).await?;
    Ok((target, notes))
}

/// Makes the database; tells it if it isn't as the source was.
async fn create(
    maintenance: &Session,
    target: &Target,
    facts: &Facts,
    tablespace: Option<&str>,
) -> Result<Option<Note>> {
    let sql = target.create(facts, tablespace, maintenance.version.major());
    let Err(error) = maintenance.connection.run(sql).await else { return Ok(None) };
    // Invalid parameter value, wrong object type or feature not supported: the locale isn't there, or doesn't fit.
    if !matches!(error.engine_code.as_deref(), Some("22023" | "42809" | "0A000")) {
        return Err(error.while_doing(format!("making database {}", ident(&target.working))));
    }
    let plain =
        format!("CREATE DATABASE {} TEMPLATE template0 ENCODING {}", ident(&target.working), literal(&facts.encoding));
    maintenance.connection.run(plain).await.map_err(|error| {
        error.while_doing(format!("making database {} with encoding {}", ident(&target.working), facts.encoding))
    })?;
    let reason = format!(
        "text is ordered by the target's own default: it can't have the source's locale {} ({})",
        facts.collate, error.message
    );
    Ok(Some(note("changed", format!("DATABASE {}", ident(&target.name)), reason)))
}
