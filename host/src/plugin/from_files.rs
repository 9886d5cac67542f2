//! `cofferdam:engine/from-files`: a backup, made of the engine's own files.

use bytes::Bytes;
use tokio::sync::oneshot;

use super::backup::Reading;
use super::convert::{self, Note, Options, Unit};
use super::handing::hand_in;
use super::sandbox::{Exports, Sandbox};
use crate::error::Result;
use crate::services::bindings::cofferdam::engine::units as units_wit;
use crate::services::bindings::exports::cofferdam::engine::from_files as wit;
use crate::services::stream::ByteStream;

/// A file of the folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Where it is in the folder, with slashes between the names.
    pub path: String,
    /// Its size in bytes.
    pub bytes: u64,
}

/// What a plugin makes of a folder.
#[derive(Clone, Debug)]
pub struct Recognised {
    /// "snapshot", "point-in-time", "single-transaction", "per-object".
    pub consistency: String,
    /// When, as far as the files tell.
    pub taken_at: Option<String>,
    /// Where in the server's log.
    pub position: Option<String>,
    /// The server's version, as far as the files tell.
    pub server_version: String,
    /// The database, if it is of one.
    pub database: Option<String>,
    /// Its units.
    pub units: Vec<Made>,
    /// What became of objects and files.
    pub notes: Vec<Note>,
    /// The plugin's own notes.
    pub extra: Options,
}

/// A unit, and what it is made of.
#[derive(Clone, Debug)]
pub struct Made {
    /// The unit.
    pub unit: Unit,
    /// The paths of its files, in order.
    pub files: Vec<String>,
}

impl From<wit::Plan> for Recognised {
    fn from(plan: wit::Plan) -> Self {
        Self {
            consistency: plan.consistency,
            taken_at: plan.taken_at,
            position: plan.position,
            server_version: plan.server_version,
            database: plan.database,
            units: plan.units.into_iter().map(|m| Made { unit: m.unit.into(), files: m.files }).collect(),
            notes: convert::notes(plan.notes),
            extra: plan.extra,
        }
    }
}

fn exported(exports: &Exports) -> wasmtime::Result<&wit::Guest> {
    exports.from_files.as_ref().ok_or_else(|| wasmtime::Error::msg("it has no from-files"))
}

fn for_plugin(files: &[Found]) -> Vec<wit::Found> {
    files.iter().map(|file| wit::Found { path: file.path.clone(), bytes: file.bytes }).collect()
}

impl Sandbox {
    /// Which files the plugin has to see before it can say what the folder holds.
    ///
    /// # Errors
    /// The plugin's, or its failure.
    pub async fn describing(&self, files: &[Found]) -> Result<Vec<String>> {
        let files = for_plugin(files);
        let paths = self
            .call("describing", move |accessor, exports| {
                Box::pin(async move { exported(exports)?.call_describing(accessor, files).await })
            })
            .await??;
        Ok(paths)
    }

    /// What the folder holds, by its files and the contents of those that describe others.
    ///
    /// # Errors
    /// The plugin's, or its failure.
    pub async fn recognise(
        &self,
        files: &[Found],
        described: Vec<(String, Bytes)>,
        options: Options,
    ) -> Result<Recognised> {
        let files = for_plugin(files);
        let described = described.into_iter().map(|(path, content)| wit::Described { path, content: content.into() });
        let described = described.collect();
        let plan = self
            .call("recognise", move |accessor, exports| {
                Box::pin(async move { exported(exports)?.call_recognise(accessor, files, described, options).await })
            })
            .await??;
        Ok(plan.into())
    }

    /// Opens the stream of the file at `path` as it belongs into the unit. Whole only if `complete` says that `data` was.
    ///
    /// # Errors
    /// The plugin's, or its failure.
    pub async fn of_file(
        &self,
        unit: &Unit,
        path: &str,
        data: ByteStream,
        complete: oneshot::Receiver<Result<()>>,
    ) -> Result<Reading> {
        let (path, unit) = (path.to_owned(), units_wit::Unit::from(unit.clone()));
        let sandbox = self.clone();
        let reading = self
            .call("convert", move |accessor, exports| {
                Box::pin(async move {
                    let (data, complete) = hand_in(accessor, data, complete)?;
                    match exported(exports)?.call_convert(accessor, unit, path, data, complete).await? {
                        Err(error) => Ok(Err(error)),
                        Ok((data, summary)) => Reading::take(accessor, data, summary, sandbox).map(Ok),
                    }
                })
            })
            .await??;
        Ok(reading)
    }
}
