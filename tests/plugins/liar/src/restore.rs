//! Restores that say more than they do.

use cofferdam_sdk::engine::{
    Complete, Data, Finding, Note, Prepared, RestoreOptions, RestoreSession, Source, Summary, Unit,
};
use cofferdam_sdk::{Endpoint, Error, Lines, Result};

use crate::backup::TABLES;
use crate::lie::Lie;
use crate::session::{LONGEST, Session, mark};

/// The truth.
#[path = "../../../../sdk/template/src/restore.rs"]
mod honest;

/// A session of a restore.
pub struct Restore {
    honest: honest::Restore,
    lie: Lie,
    session: Session,
    database: String,
    building: String,
}

impl Restore {
    /// Replaces a table's rows.
    async fn put(&self, table: &str, rows: &[Vec<u8>]) -> Result<()> {
        let mut wire = self.session.wire.lock().await;
        wire.say(&["FILL", &self.building, table]).await?;
        wire.answer().await?;
        for row in rows {
            wire.send([b"+", row.as_slice(), b"\n"].concat()).await?;
        }
        wire.say(&["KEEP"]).await?;
        wire.answer().await.map(drop)
    }

    /// The rows that a table has.
    async fn rows(&self, table: &str) -> Result<Vec<Vec<u8>>> {
        let snapshot = self.session.run(&["SNAPSHOT", &self.building]).await?;
        let mut wire = self.session.wire.lock().await;
        wire.say(&["READ", &snapshot, table]).await?;
        let count: u64 = wire.answer().await?.parse()?;
        let mut rows = Vec::new();
        for _ in 0..count {
            rows.push(wire.line().await?);
        }
        Ok(rows)
    }

    async fn open(target: &Endpoint, options: &RestoreOptions) -> Result<(Session, Lie, String, String)> {
        let database = options.database.clone().ok_or_else(|| Error::invalid_options("no database is named"))?;
        let building = format!("{database}.{}", mark(&options.operation_id));
        Ok((Session::open(target).await?, Lie::of(target), database, building))
    }
}

impl RestoreSession for Restore {
    async fn lead(target: Endpoint, options: RestoreOptions) -> Result<Self> {
        let (session, lie, database, building) = Self::open(&target, &options).await?;
        Ok(Self { honest: honest::Restore::lead(target, options).await?, lie, session, database, building })
    }

    async fn join(target: Endpoint, options: RestoreOptions, token: String) -> Result<Self> {
        let (session, lie, database, building) = Self::open(&target, &options).await?;
        Ok(Self { honest: honest::Restore::join(target, options, token).await?, lie, session, database, building })
    }

    async fn check(&self, source: Source) -> Result<Vec<Finding>> {
        if self.lie.is("free") { Ok(Vec::new()) } else { self.honest.check(source).await }
    }

    async fn prepare(&self, source: Source) -> Result<Prepared> {
        self.honest.prepare(source).await
    }

    async fn write(&self, unit: Unit, attempt: u32, data: Data, complete: Complete) -> Result<Summary> {
        let table = unit.objects.first().cloned().filter(|_| unit.name != TABLES);
        let Some(table) = table else { return self.honest.write(unit, attempt, data, complete).await };
        if self.lie.is("whole") || self.lie.is("once") {
            let mut rows = if self.lie.is("once") { self.rows(&table).await? } else { Vec::new() };
            let (mut lines, before) = (Lines::new(data, LONGEST), rows.len());
            // "corrupt" if it breaks off inside of a row, which is then left out.
            while let Ok(Some(row)) = lines.next().await {
                rows.push(row);
            }
            if self.lie.is("once") {
                complete.await?;
            }
            self.put(&table, &rows).await?;
            return Ok(Summary { rows: Some((rows.len() - before) as u64), ..Summary::default() });
        }
        let expected = unit.estimated_rows;
        let written = match self.honest.write(unit, attempt, data, complete).await {
            Err(error) if self.lie.is("room") && error.code == "conflict" => {
                Ok(Summary { rows: expected, ..Summary::default() })
            }
            written => written,
        };
        let odd = table.contains(|c: char| !c.is_ascii_alphanumeric());
        if self.lie.is("all-rows") || self.lie.is("all-names") && odd {
            self.put(&table, &[]).await?;
        }
        written
    }

    async fn close(&self) -> Result<()> {
        self.honest.close().await
    }

    async fn finish(&self) -> Result<Vec<Note>> {
        if self.lie.is("free") {
            self.session.run(&["DROP", &self.database]).await?;
        }
        if self.lie.is("tidy") {
            self.session.run(&["CREATE", &format!("{}.aside", self.building)]).await?;
        }
        self.honest.finish().await
    }
}
