//! A copy that acts on nothing outside of it: what would is switched off or taken away before anybody sees it.

use crate::backup::units::note;
use crate::catalog::rows::Catalogue;
use crate::session::Session;
use cofferdam_sdk::Result;
use cofferdam_sdk::engine::Note;
use serde::Deserialize;

const QUERY: &str = include_str!("neutral.sql");

/// The jobs of the extension pg_cron that would run.
const JOBS: &str = "SELECT 'changed' AS kind, 'job ' || jobid || ' of pg_cron' AS object, 'switched off' AS reason,
        pg_catalog.format('UPDATE cron.job SET active = false WHERE jobid = %s', jobid) AS statement
    FROM cron.job WHERE active ORDER BY jobid";
const HAS_JOBS: &str = "SELECT 1 FROM pg_catalog.pg_extension WHERE extname = 'pg_cron'";

/// Something that acts, and what ends that.
#[derive(Deserialize)]
struct Row {
    kind: String,
    object: String,
    reason: String,
    statement: String,
}

/// Makes the session's database neutral, in one transaction.
pub async fn neutralize(session: &Session) -> Result<Vec<Note>> {
    session.connection.run("BEGIN").await?;
    let notes = within_transaction(session).await?;
    session.connection.run("COMMIT").await?;
    Ok(notes)
}

/// Makes the session's database neutral, in the transaction that the session is in.
pub async fn within_transaction(session: &Session) -> Result<Vec<Note>> {
    let catalogue = Catalogue::of(session);
    let mut rows: Vec<Row> = catalogue.rows(QUERY).await?;
    if session.connection.value(HAS_JOBS).await?.is_some() {
        rows.extend(catalogue.rows::<Row>(JOBS).await?);
    }
    let mut notes = Vec::new();
    for row in rows {
        let done = session.connection.run(row.statement).await;
        done.map_err(|error| error.while_doing(format!("making the copy neutral: {}", row.object)))?;
        notes.push(note(&row.kind, row.object, format!("{}: the copy is neutral", row.reason)));
    }
    Ok(notes)
}
