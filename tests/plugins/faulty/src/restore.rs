//! Restores to nowhere, which check that what came is what went.

use crate::fault::Fault;
use crate::rows::{self, SCHEMA};
use cofferdam_sdk::engine::{
    Complete, Data, Finding, Note, Prepared, RestoreOptions, RestoreSession, Source, Summary, Unit,
};
use cofferdam_sdk::{Endpoint, Error, Result, StreamResult};

/// A session of a restore.
pub struct Restore(Fault);

impl RestoreSession for Restore {
    async fn lead(_: Endpoint, options: RestoreOptions) -> Result<Self> {
        Ok(Self(Fault::chosen(&options.extra)))
    }

    async fn join(_: Endpoint, options: RestoreOptions, _: String) -> Result<Self> {
        Ok(Self(Fault::chosen(&options.extra)))
    }

    async fn check(&self, _: Source) -> Result<Vec<Finding>> {
        Ok(Vec::new())
    }

    async fn prepare(&self, _: Source) -> Result<Prepared> {
        Ok(Prepared { token: Some("token".to_owned()), units: None })
    }

    async fn write(&self, unit: Unit, _: u32, mut data: Data, complete: Complete) -> Result<Summary> {
        self.0.strike("write").await?;
        let expected = if unit.framing == "none" { SCHEMA.to_vec() } else { rows::of(&unit.name) };
        let rows = (unit.framing == "lines").then(|| rows::count(&expected));
        if self.0.is("unread") || self.0.is("unread-kept") {
            if self.0.is("unread-kept") {
                std::mem::forget(data);
            }
            return Ok(Summary { rows, ..Summary::default() });
        }
        let mut came = Vec::new();
        loop {
            let (result, piece) = data.read(Vec::with_capacity(64 << 10)).await;
            came.extend(piece);
            if !matches!(result, StreamResult::Complete(_)) {
                break;
            }
        }
        if self.0.is("heedless") {
            return Ok(Summary { rows: rows.and(Some(rows::count(&came))), ..Summary::default() });
        }
        complete.await?;
        if came != expected {
            return Err(Error::corrupt(format!("unit {} isn't what was backed up", unit.name)));
        }
        Ok(Summary { rows, ..Summary::default() })
    }

    async fn close(&self) -> Result<()> {
        Ok(())
    }

    async fn finish(&self) -> Result<Vec<Note>> {
        self.0.strike("finish").await?;
        Ok(Vec::new())
    }
}
