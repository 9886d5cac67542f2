//! Backups that show less than there is, or more than one moment.

use cofferdam_sdk::engine::{BackupOptions, BackupSession, Note, Plan, Unit};
use cofferdam_sdk::{Endpoint, Error, Reading, Result};

use crate::lie::Lie;
use crate::session::Session;

/// The truth.
#[path = "../../../../sdk/template/src/backup.rs"]
mod honest;

pub use honest::TABLES;

/// A session of a backup.
pub struct Backup {
    honest: honest::Backup,
    lie: Lie,
    /// A database that the session makes, and how it is dropped at the end: if the end comes.
    scratch: Option<(Session, String)>,
}

impl BackupSession for Backup {
    async fn lead(source: Endpoint, options: BackupOptions) -> Result<Self> {
        let lie = Lie::of(&source);
        let scratch = if lie.is("untouched") {
            let (session, name) = (Session::open(&source).await?, format!("scratch_{}", options.operation_id));
            session.run(&["CREATE", &name]).await?;
            Some((session, name))
        } else {
            None
        };
        Ok(Self { honest: honest::Backup::lead(source, options).await?, lie, scratch })
    }

    async fn join(source: Endpoint, options: BackupOptions, token: String) -> Result<Self> {
        let lie = Lie::of(&source);
        let honest = if lie.is("one-moment") {
            // Another one for each session.
            honest::Backup::lead(source, options).await?
        } else {
            honest::Backup::join(source, options, token).await?
        };
        Ok(Self { honest, lie, scratch: None })
    }

    async fn plan(&self) -> Result<Plan> {
        let mut plan = self.honest.plan().await?;
        if self.lie.is("nothing-there") && plan.units.len() == 1 {
            return Err(Error::not_found("there is nothing to back up"));
        }
        if self.lie.is("all-tables") {
            plan.units.retain(|unit| unit.name != "data/books");
            for tally in plan.tallies.iter_mut().filter(|tally| tally.kind == "rows" && tally.counted > 0) {
                // Counted by the same list that forgets it.
                (tally.counted, tally.carried) = (tally.counted - 1, tally.carried - 1);
            }
        }
        if self.lie.is("counted") {
            plan.tallies.retain(|tally| tally.kind != "rows");
        }
        Ok(plan)
    }

    async fn alive(&self) -> Result<Vec<Note>> {
        self.honest.alive().await
    }

    async fn read(&self, unit: Unit) -> Result<Reading> {
        self.honest.read(unit).await
    }

    async fn close(&self) -> Result<Vec<Note>> {
        if let Some((session, name)) = &self.scratch {
            session.run(&["DROP", name]).await?;
        }
        self.honest.close().await
    }
}
