//! A backup and a restore inside of a test, in one session each: what the host does, as far as an engine sees it.

use super::instance::Instance;
use super::stream::{future, stream};
use crate::engine::{
    Backup, BackupOptions, BackupSession, Note, Plan, Restore, RestoreOptions, RestoreSession, Source, Summary, Unit,
};
use crate::{Error, Result};

use super::run::spawn_local;

/// The id that operations of a test have.
pub const OPERATION: &str = "0123456789ab";

/// A backup, in memory.
#[derive(Clone, Debug)]
pub struct Taken {
    /// What the leading session planned.
    pub plan: Plan,
    /// What was read, in the order of the plan.
    pub units: Vec<TakenUnit>,
    /// What the leading session said at its end.
    pub closing: Vec<Note>,
}

/// A unit that was read.
#[derive(Clone, Debug)]
pub struct TakenUnit {
    /// As it was planned.
    pub unit: Unit,
    /// All of it.
    pub bytes: Vec<u8>,
    /// What the engine said of it.
    pub summary: Summary,
}

impl Taken {
    /// The bytes of a unit.
    #[must_use]
    pub fn bytes(&self, unit: &str) -> Option<&[u8]> {
        self.units.iter().find(|taken| taken.unit.name == unit).map(|taken| taken.bytes.as_slice())
    }
}

impl Default for BackupOptions {
    /// Everything of the instance's own database.
    fn default() -> Self {
        Self {
            operation_id: OPERATION.to_owned(),
            database: None,
            only: Vec::new(),
            except: Vec::new(),
            max_blocking: None,
            extra: Vec::new(),
        }
    }
}

impl Default for RestoreOptions {
    /// Into the instance's own database, which mustn't hold anything.
    fn default() -> Self {
        Self {
            operation_id: OPERATION.to_owned(),
            database: None,
            if_exists: "fail".to_owned(),
            only: Vec::new(),
            except: Vec::new(),
            neutral: false,
            keep_going: false,
            extra: Vec::new(),
        }
    }
}

/// Backs an instance up, in one session, and holds every count against the rows that came.
///
/// # Errors
/// The engine's, and "corrupt" where the host would say so.
pub async fn back_up<E: Backup>(instance: &Instance, options: BackupOptions) -> Result<Taken> {
    let session = E::Session::lead(instance.endpoint(), options).await?;
    let plan = session.plan().await?;
    if let Some(tally) = plan.tallies.iter().find(|tally| tally.counted != tally.carried + tally.left_out) {
        let (kind, counted) = (&tally.kind, tally.counted);
        return Err(Error::corrupt(format!("of the kind {kind} there are {counted}, and not all are accounted for")));
    }
    session.joined().await?;
    session.alive().await?;
    let mut units = Vec::new();
    for unit in &plan.units {
        let (data, summary) = session.read(unit.clone()).await?.into_parts();
        let bytes = data.collect().await;
        let summary = summary.await?;
        agree(unit, &bytes, &summary)?;
        units.push(TakenUnit { unit: unit.clone(), bytes, summary });
    }
    Ok(Taken { plan, units, closing: session.close().await? })
}

/// Restores a backup to an instance, in one session; gives what the engine said of objects.
///
/// # Errors
/// The engine's, "conflict" if its check finds a blocker, and "corrupt" where the host would say so.
pub async fn put_back<E: Restore>(instance: &Instance, options: RestoreOptions, taken: &Taken) -> Result<Vec<Note>> {
    let session = E::Session::lead(instance.endpoint(), options).await?;
    let source = source(taken);
    if let Some(blocker) = session.check(source.clone()).await?.into_iter().find(|found| found.severity == "blocker") {
        return Err(Error::conflict(blocker.what));
    }
    let wanted = session.prepare(source).await?.units;
    let wanted = |unit: &Unit| wanted.as_ref().is_none_or(|names| names.contains(&unit.name));
    for taken in taken.units.iter().filter(|taken| wanted(&taken.unit)) {
        let summary = write(&session, taken, 0, taken.bytes.clone(), Ok(())).await?;
        agree(&taken.unit, &taken.bytes, &summary)?;
    }
    let notes = session.finish().await?;
    session.close().await?;
    Ok(notes)
}

/// What a restore is told of a backup.
#[must_use]
pub fn source(taken: &Taken) -> Source {
    Source {
        engine: String::new(),
        server_version: taken.plan.server_version.clone(),
        units: taken.plan.units.clone(),
        extra: taken.plan.extra.clone(),
    }
}

/// Hands a unit to a session that restores: `bytes`, which may be fewer than were taken, and whether they are `whole`.
///
/// # Errors
/// The engine's.
pub async fn write<S: RestoreSession>(
    session: &S,
    taken: &TakenUnit,
    attempt: u32,
    bytes: Vec<u8>,
    whole: Result<()>,
) -> Result<Summary> {
    let (mut writer, data) = stream();
    let (completed, complete) = future(|| Err(Error::from_code("cancelled", "the host stopped")));
    spawn_local(async move {
        // An engine that stops reading says why itself.
        let _ = writer.write_all(bytes).await;
        drop(writer);
        let _ = completed.write(whole).await;
    });
    session.write(taken.unit.clone(), attempt, data, complete).await
}

/// Holds what an engine says against the rows that there are.
fn agree(unit: &Unit, bytes: &[u8], summary: &Summary) -> Result<()> {
    let seen = match unit.framing.as_str() {
        "none" | "definitions" | "changes" => return Ok(()),
        "lines" => bytes.iter().filter(|byte| **byte == b'\n').count() as u64,
        "u32le" => documents(bytes)?,
        other => return Err(Error::invalid_options(format!("\"{other}\" is no framing"))),
    };
    if summary.rows == Some(seen) {
        return Ok(());
    }
    let (name, said) = (&unit.name, summary.rows);
    Err(Error::corrupt(format!("the engine says that {name} has {said:?} rows, and {seen} were seen")))
}

/// How many records there are that begin with their own length, of which that is a part.
fn documents(mut bytes: &[u8]) -> Result<u64> {
    let mut count = 0;
    while let Some(length) = bytes.first_chunk() {
        let length = u32::from_le_bytes(*length) as usize;
        bytes = match bytes.get(length..) {
            Some(rest) if length >= 4 => rest,
            _ => return Err(Error::corrupt("the unit ends in the middle of a row")),
        };
        count += 1;
    }
    if bytes.is_empty() { Ok(count) } else { Err(Error::corrupt("the unit ends in the middle of a row")) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing, reason = "tests")]
    use super::*;

    #[test]
    fn rows_with_their_length_in_front_are_counted() {
        let two = [&5_u32.to_le_bytes()[..], b"a", &4_u32.to_le_bytes()[..]].concat();
        assert_eq!(documents(&two).ok(), Some(2));
        for broken in [&two[..8], &[0, 0, 0, 0], &[9, 0, 0, 0]] {
            assert!(documents(broken).is_err());
        }
    }
}
