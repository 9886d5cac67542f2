//! The target, made ready.

use super::marker::Marker;
use super::source::Facts;
use super::target::{Target, exists, occupant, occupied, restoring_comment};
use crate::quote::{ident, literal};
use crate::session::Session;
use cofferdam_sdk::engine::RestoreOptions;
use cofferdam_sdk::report::{Level, log};
use cofferdam_sdk::{Endpoint, Error, Result};

/// Makes an empty database for the restore, or takes an empty one that is there.
pub async fn prepare(
    endpoint: &Endpoint,
    maintenance: &Session,
    options: &RestoreOptions,
    facts: &Facts,
) -> Result<Target> {
    if options.if_exists != "fail" {
        return Err(Error::unsupported(format!("a restore to PostgreSQL can't {:?} yet", options.if_exists))
            .with_hint("restore to another name, and rename or drop the old database then"));
    }
    let name = options.database.as_deref().unwrap_or(&facts.database);
    let target = if exists(maintenance, name).await? {
        Target::in_place(name, &facts.encoding)
    } else {
        let target = Target::beside(name, &options.operation_id, &facts.encoding);
        create(maintenance, &target, facts).await?;
        target
    };
    let session = target.open(endpoint, &options.operation_id).await?;
    if let Some(occupant) = occupant(&session).await? {
        return Err(occupied(name, &occupant));
    }
    let comment = literal(&restoring_comment(&options.operation_id));
    session.connection.run(format!("COMMENT ON DATABASE {} IS {comment}", ident(&target.working))).await?;
    Marker::new(&options.operation_id).create(&session).await?;
    Ok(target)
}

async fn create(maintenance: &Session, target: &Target, facts: &Facts) -> Result<()> {
    let sql = target.create(facts, maintenance.version.major());
    let Err(error) = maintenance.connection.run(sql).await else { return Ok(()) };
    // Invalid parameter value, wrong object type or feature not supported: the locale isn't there, or doesn't fit.
    if !matches!(error.engine_code.as_deref(), Some("22023" | "42809" | "0A000")) {
        return Err(error.while_doing(format!("making database {}", ident(&target.working))));
    }
    log(
        Level::Warn,
        &format!(
            "the target can't have the source's locale {} ({}): text is ordered as the target's own default says",
            facts.collate, error.message
        ),
    );
    let plain =
        format!("CREATE DATABASE {} TEMPLATE template0 ENCODING {}", ident(&target.working), literal(&facts.encoding));
    maintenance.connection.run(plain).await.map(drop).map_err(|error| {
        error.while_doing(format!("making database {} with encoding {}", ident(&target.working), facts.encoding))
    })
}
