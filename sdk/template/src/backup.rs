//! Backups: the server keeps a copy of a database as it is at one moment, for every session that knows its number.

use cofferdam_sdk::engine::{BackupOptions, BackupSession, Note, Plan, Summary, Tally, Unit};
use cofferdam_sdk::{Endpoint, Error, Reading, Result};
use serde_json::json;
use std::rc::Rc;

use crate::session::Session;

/// The unit that says which tables there are.
pub const TABLES: &str = "tables";
/// Bytes of rows that are collected before they are handed on.
const PIECE: usize = 64 << 10;

/// A session of a backup.
pub struct Backup {
    // Reads go on after `read` has returned, so they share the session.
    session: Rc<Session>,
    snapshot: String,
}

impl BackupSession for Backup {
    async fn lead(source: Endpoint, options: BackupOptions) -> Result<Self> {
        if !options.only.is_empty() || !options.except.is_empty() {
            return Err(Error::unsupported("this engine can't choose tables"));
        }
        let database = options.database.or(source.info().database);
        let database = database.ok_or_else(|| Error::invalid_options("no database is named"))?;
        let session = Session::open(&source).await?;
        let snapshot = session.run(&["SNAPSHOT", &database]).await?;
        Ok(Self { session: Rc::new(session), snapshot })
    }

    async fn join(source: Endpoint, _: BackupOptions, token: String) -> Result<Self> {
        Ok(Self { session: Rc::new(Session::open(&source).await?), snapshot: token })
    }

    async fn plan(&self) -> Result<Plan> {
        let tables = self.session.list(&["TABLES", &self.snapshot]).await?;
        // Counted by the server, and not by the list that the units are made of: a table that the list forgot shows.
        let counted: u64 = self.session.run(&["COUNT", &self.snapshot]).await?.parse()?;
        let carried = tables.len() as u64;
        let tally = |kind: &str| Tally { kind: kind.to_owned(), counted, carried, left_out: 0 };
        let tallies = vec![tally("table"), tally("rows")];
        let mut units = vec![unit(TABLES, "definitions", Vec::new(), Vec::new())];
        for table in tables {
            units.push(unit(&format!("data/{table}"), "lines", vec![table], vec![TABLES.to_owned()]));
        }
        Ok(Plan {
            join: Some(self.snapshot.clone()),
            rejoinable: true,
            consistency: "snapshot".to_owned(),
            taken_at: None,
            position: None,
            server_version: self.session.version.clone(),
            units,
            tallies,
            notes: Vec::new(),
            extra: Vec::new(),
        })
    }

    async fn alive(&self) -> Result<Vec<Note>> {
        self.session.run(&["COUNT", &self.snapshot]).await?;
        Ok(Vec::new())
    }

    async fn read(&self, unit: Unit) -> Result<Reading> {
        let (session, snapshot) = (Rc::clone(&self.session), self.snapshot.clone());
        if unit.name == TABLES {
            let tables = session.list(&["TABLES", &snapshot]).await?;
            let line = |table| json!({ "object": format!("TABLE {table}"), "table": table }).to_string() + "\n";
            let lines: String = tables.iter().map(line).collect();
            return Ok(Reading::from_bytes(lines.into_bytes(), Summary::default()));
        }
        let table = unit.objects.into_iter().next().ok_or_else(|| Error::corrupt("a unit names no table"))?;
        // The next read waits for the wire, which this one holds to the end of its answer.
        Ok(Reading::produced(|mut writer| async move {
            let mut wire = session.wire.lock().await;
            wire.say(&["READ", &snapshot, &table]).await?;
            let count: u64 = wire.answer().await?.parse()?;
            let mut piece = Vec::with_capacity(PIECE * 2);
            for _ in 0..count {
                piece.extend(wire.line().await?);
                piece.push(b'\n');
                if piece.len() >= PIECE {
                    writer.write(std::mem::replace(&mut piece, Vec::with_capacity(PIECE * 2))).await?;
                }
            }
            writer.write(piece).await?;
            Ok(Summary { rows: Some(count), ..Summary::default() })
        }))
    }

    async fn close(&self) -> Result<Vec<Note>> {
        Ok(Vec::new())
    }
}

fn unit(name: &str, framing: &str, objects: Vec<String>, after: Vec<String>) -> Unit {
    Unit {
        name: name.to_owned(),
        format: "text/plain".to_owned(),
        framing: framing.to_owned(),
        objects,
        after,
        estimated_bytes: None,
        estimated_rows: None,
        leader: false,
        external: false,
        extra: Vec::new(),
    }
}
