//! `cofferdam:engine/to-files`: the engine's own files, made of a backup.

use bytes::Bytes;
use tokio::sync::oneshot;

use super::backup::Reading;
use super::convert::{self, Note, Options, Unit};
use super::handing::hand_in;
use super::restore::Source;
use super::sandbox::{Exports, Sandbox};
use crate::error::Result;
use crate::services::bindings::cofferdam::engine::units as units_wit;
use crate::services::bindings::exports::cofferdam::engine::to_files as wit;
use crate::services::stream::ByteStream;

/// What files are to be made of.
#[derive(Clone, Debug, Default)]
pub struct FilesOptions {
    /// Object patterns; empty means all.
    pub only: Vec<String>,
    /// Object patterns to leave out.
    pub except: Vec<String>,
    /// Named values that the engine knows.
    pub extra: Options,
}

/// The files that a backup becomes.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    /// The files.
    pub files: Vec<LaidOut>,
    /// What became of objects.
    pub notes: Vec<Note>,
}

/// A file, and what is in it.
#[derive(Clone, Debug)]
pub struct LaidOut {
    /// Where the plugin wants it in the folder. Nobody has looked at it yet.
    pub path: String,
    /// What is in it, one after the other.
    pub parts: Vec<Part>,
}

/// A part of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// These bytes.
    Bytes(Bytes),
    /// What the plugin makes of the unit of this name.
    Unit(String),
}

impl From<wit::File> for LaidOut {
    fn from(file: wit::File) -> Self {
        let part = |part| match part {
            wit::Part::Bytes(bytes) => Part::Bytes(bytes.into()),
            wit::Part::Unit(name) => Part::Unit(name),
        };
        Self { path: file.path, parts: file.parts.into_iter().map(part).collect() }
    }
}

fn exported(exports: &Exports) -> wasmtime::Result<&wit::Guest> {
    exports.to_files.as_ref().ok_or_else(|| wasmtime::Error::msg("it has no to-files"))
}

impl Sandbox {
    /// Which files a backup becomes.
    ///
    /// # Errors
    /// The plugin's, or its failure.
    pub async fn lay_out(&self, source: &Source, options: FilesOptions) -> Result<Layout> {
        let source = source.for_plugin();
        let options = wit::FilesOptions { only: options.only, except: options.except, extra: options.extra };
        let layout = self
            .call("lay-out", move |accessor, exports| {
                Box::pin(async move { exported(exports)?.call_lay_out(accessor, source, options).await })
            })
            .await??;
        Ok(Layout { files: layout.files.into_iter().map(LaidOut::from).collect(), notes: convert::notes(layout.notes) })
    }

    /// Opens a unit's stream as it belongs into the file at `path`. Whole only if `complete` says that `data` was.
    ///
    /// # Errors
    /// The plugin's, or its failure.
    pub async fn to_file(
        &self,
        path: &str,
        unit: &Unit,
        data: ByteStream,
        complete: oneshot::Receiver<Result<()>>,
    ) -> Result<Reading> {
        let (path, unit) = (path.to_owned(), units_wit::Unit::from(unit.clone()));
        let sandbox = self.clone();
        let reading = self
            .call("convert", move |accessor, exports| {
                Box::pin(async move {
                    let (data, complete) = hand_in(accessor, data, complete)?;
                    match exported(exports)?.call_convert(accessor, path, unit, data, complete).await? {
                        Err(error) => Ok(Err(error)),
                        Ok((data, summary)) => Reading::take(accessor, data, summary, sandbox).map(Ok),
                    }
                })
            })
            .await??;
        Ok(reading)
    }
}
