//! Restores: the database is made under a name that bears the operation's id, filled, and renamed at the end.

use cofferdam_sdk::engine::{
    Complete, Data, Finding, Note, Prepared, RestoreOptions, RestoreSession, Source, Summary, Unit,
};
use cofferdam_sdk::{Endpoint, Error, Lines, Result};
use serde_json::Value;

use crate::backup::TABLES;
use crate::session::{LONGEST, Session, mark};

/// Bytes of rows that are collected before they are sent.
const PIECE: usize = 64 << 10;

/// A session of a restore.
pub struct Restore {
    session: Session,
    /// The name that the database gets at the end.
    database: String,
    /// Its name until then.
    building: String,
}

impl Restore {
    async fn open(target: &Endpoint, options: RestoreOptions) -> Result<Self> {
        if options.if_exists != "fail" || !options.only.is_empty() || !options.except.is_empty() {
            return Err(Error::unsupported("this engine only makes whole databases that aren't there"));
        }
        if options.keep_going {
            return Err(Error::unsupported("this engine's restores end at the first failure"));
        }
        let database = options.database.or(target.info().database);
        let database = database.ok_or_else(|| Error::invalid_options("no database is named"))?;
        let building = format!("{database}.{}", mark(&options.operation_id));
        Ok(Self { session: Session::open(target).await?, database, building })
    }
}

impl RestoreSession for Restore {
    async fn lead(target: Endpoint, options: RestoreOptions) -> Result<Self> {
        Self::open(&target, options).await
    }

    async fn join(target: Endpoint, options: RestoreOptions, _: String) -> Result<Self> {
        Self::open(&target, options).await
    }

    async fn check(&self, _: Source) -> Result<Vec<Finding>> {
        if self.session.list(&["DATABASES"]).await?.contains(&self.database) {
            let what = "there is a database of that name".to_owned();
            let remedy = Some("choose another with --database".to_owned());
            return Ok(vec![Finding { severity: "blocker".to_owned(), object: self.database.clone(), what, remedy }]);
        }
        Ok(Vec::new())
    }

    async fn prepare(&self, _: Source) -> Result<Prepared> {
        self.session.run(&["CREATE", &self.building]).await?;
        Ok(Prepared { token: Some(self.building.clone()), units: None })
    }

    async fn write(&self, unit: Unit, attempt: u32, data: Data, complete: Complete) -> Result<Summary> {
        let mut lines = Lines::new(data, LONGEST);
        if unit.name == TABLES {
            let mut tables = Vec::new();
            while let Some(line) = lines.next().await? {
                let line: Value = serde_json::from_slice(&line).map_err(|e| Error::corrupt(e.to_string()))?;
                let table = line.get("table").and_then(Value::as_str);
                tables.push(table.ok_or_else(|| Error::corrupt("a definition names no table"))?.to_owned());
            }
            complete.await?;
            for table in &tables {
                let made = self.session.run(&["TABLE", &self.building, table]).await;
                // An earlier attempt may have made it.
                made.or_else(|e| if attempt > 0 && e.code == "already-exists" { Ok(String::new()) } else { Err(e) })?;
            }
            return Ok(Summary { carried: vec![("table".to_owned(), tables.len() as u64)], ..Summary::default() });
        }
        let table = unit.objects.first().ok_or_else(|| Error::corrupt("a unit names no table"))?;
        let mut wire = self.session.wire.lock().await;
        // The rows replace whatever an earlier attempt left, all at once.
        wire.say(&["FILL", &self.building, table]).await?;
        wire.answer().await?;
        let filled = async {
            let (mut rows, mut piece) = (0, Vec::with_capacity(PIECE * 2));
            while let Some(line) = lines.next().await? {
                piece.push(b'+');
                piece.extend(line);
                piece.push(b'\n');
                rows += 1;
                if piece.len() >= PIECE {
                    wire.send(std::mem::replace(&mut piece, Vec::with_capacity(PIECE * 2))).await?;
                }
            }
            // The stream's end alone says nothing: only now it is known that these are all the rows.
            complete.await?;
            wire.send(piece).await?;
            Ok(rows)
        };
        match filled.await {
            Ok(rows) => {
                wire.say(&["KEEP"]).await?;
                wire.answer().await?;
                Ok(Summary { rows: Some(rows), ..Summary::default() })
            }
            Err(error) => {
                wire.say(&["FORGET"]).await?;
                wire.answer().await?;
                Err(error)
            }
        }
    }

    async fn close(&self) -> Result<()> {
        Ok(())
    }

    async fn finish(&self) -> Result<Vec<Note>> {
        self.session.run(&["RENAME", &self.building, &self.database]).await?;
        Ok(Vec::new())
    }
}
