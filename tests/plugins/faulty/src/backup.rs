//! Backups of rows that are made up.

use crate::fault::{ESCAPES, Fault};
use crate::rows::{self, SCHEMA, UNITS};
use cofferdam_sdk::engine::{BackupOptions, BackupSession, Note, Plan, Summary, Tally, Unit};
use cofferdam_sdk::{Endpoint, Reading, Result};

/// A session of a backup.
pub struct Backup(Fault);

impl BackupSession for Backup {
    async fn lead(_: Endpoint, options: BackupOptions) -> Result<Self> {
        let fault = Fault::chosen(&options.extra);
        fault.strike("lead").await?;
        Ok(Self(fault))
    }

    async fn join(_: Endpoint, options: BackupOptions, _: String) -> Result<Self> {
        Ok(Self(Fault::chosen(&options.extra)))
    }

    async fn plan(&self) -> Result<Plan> {
        self.0.strike("plan").await?;
        let mut units = vec![unit("schema", "none", &[])];
        units.extend(UNITS.iter().map(|(name, _)| unit(name, "lines", &["schema"])));
        if self.0.is("no-units") {
            units.clear();
        }
        // No fault, but a backup that fits between host and plugin as a whole.
        if self.0.is("small") {
            units.truncate(2);
        }
        if self.0.is("double-names") {
            units.push(unit("schema", "none", &[]));
        }
        if self.0.is("circle") {
            units.extend([unit("egg", "none", &["hen"]), unit("hen", "none", &["egg"])]);
        }
        if self.0.is("escaped-name") {
            units.push(unit(&format!("name {ESCAPES}"), "none", &[]));
        }
        if self.0.is("huge-estimates") {
            for unit in &mut units {
                (unit.estimated_bytes, unit.estimated_rows) = (Some(u64::MAX), Some(u64::MAX));
            }
        }
        let rows = units.iter().filter(|unit| unit.framing == "lines").count() as u64;
        let counted = if self.0.is("forgotten") { rows + 1 } else { rows };
        let mut tallies = vec![Tally { kind: "rows".to_owned(), counted, carried: rows, left_out: 0 }];
        if self.0.is("wrapping") {
            tallies.push(Tally { kind: "nothing".to_owned(), counted: 0, carried: u64::MAX, left_out: 1 });
        }
        let notes = vec![note("carried", "rows")];
        let escaped = if self.0.is("escaped-name") { vec![note(ESCAPES, ESCAPES)] } else { notes };
        Ok(Plan {
            join: Some("token".to_owned()),
            rejoinable: true,
            consistency: "snapshot".to_owned(),
            taken_at: None,
            position: None,
            server_version: "1".to_owned(),
            units,
            tallies,
            notes: escaped,
            extra: Vec::new(),
        })
    }

    async fn alive(&self) -> Result<Vec<Note>> {
        Ok(Vec::new())
    }

    async fn read(&self, unit: Unit) -> Result<Reading> {
        self.0.strike("read").await?;
        if unit.framing == "none" {
            return Ok(Reading::from_bytes(SCHEMA.to_vec(), Summary::default()));
        }
        let mut bytes = rows::of(&unit.name);
        let mut counted = rows::count(&bytes);
        if self.0.is("miscount") {
            counted += 1;
        }
        if self.0.is("half-row") {
            bytes.pop();
        }
        let (unresolved, kept_open) = (self.0.is("unresolved"), self.0.is("kept-open"));
        let panics = self.0.is("panic-midway");
        Ok(Reading::produced(|mut writer| async move {
            let second_half = bytes.split_off(bytes.len() / 2);
            for half in [bytes, second_half] {
                writer.write(half).await?;
                assert!(!panics, "on request, in the middle of a stream");
            }
            if kept_open {
                std::future::pending::<()>().await;
            }
            drop(writer);
            if unresolved {
                std::future::pending::<()>().await;
            }
            Ok(Summary { rows: Some(counted), ..Summary::default() })
        }))
    }

    async fn close(&self) -> Result<Vec<Note>> {
        self.0.strike("close").await?;
        Ok(Vec::new())
    }
}

/// A unit of a plan.
pub fn unit(name: &str, framing: &str, after: &[&str]) -> Unit {
    Unit {
        name: name.to_owned(),
        format: "text/plain".to_owned(),
        framing: framing.to_owned(),
        objects: vec![name.to_owned()],
        after: after.iter().map(|&name| name.to_owned()).collect(),
        // Large, so that each is in a stream of its own.
        estimated_bytes: Some(8 << 20),
        estimated_rows: None,
        leader: false,
        external: false,
        extra: Vec::new(),
    }
}

fn note(kind: &str, object: &str) -> Note {
    Note { kind: kind.to_owned(), object: object.to_owned(), reason: "it was asked for".to_owned() }
}
