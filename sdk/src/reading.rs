//! A unit's stream on its way out of the plugin.

use crate::engine::{Complete, Data, Summary};
use crate::streams::{self, FutureReader, StreamReader, StreamWriter, spawn_local};
use crate::{Error, Result};
use std::pin::Pin;

/// A unit's bytes, and what to say of them once they are through.
pub struct Reading {
    data: StreamReader<u8>,
    summary: Pin<Box<dyn Future<Output = Result<Summary>>>>,
}

impl Reading {
    /// Bytes that come from somewhere else, usually from a service. Handed on as they are, they never enter the plugin.
    ///
    /// `summary` is run beside the stream and must end only when the source has confirmed that it was whole.
    pub fn new(data: StreamReader<u8>, summary: impl Future<Output = Result<Summary>> + 'static) -> Self {
        Self { data, summary: Box::pin(summary) }
    }

    /// A stream that came with the call, handed on as it is: its bytes never enter the plugin.
    #[must_use]
    pub fn passed_on(data: Data, complete: Complete) -> Self {
        Self::new(data, async move {
            complete.await?;
            Ok(Summary::default())
        })
    }

    /// Bytes that the plugin makes itself, piece by piece: `produce` writes them and says what they were.
    pub fn produced<P>(produce: impl FnOnce(Writer) -> P) -> Self
    where
        P: Future<Output = Result<Summary>> + 'static,
    {
        let (writer, data) = streams::stream();
        Self::new(data, produce(Writer(writer)))
    }

    /// Bytes that the plugin has made itself.
    #[must_use]
    pub fn from_bytes(bytes: Vec<u8>, summary: Summary) -> Self {
        Self::produced(|mut writer| async move {
            writer.write(bytes).await?;
            Ok(summary)
        })
    }

    /// The stream and the future of the contract. What the future does is run after the call has returned.
    pub(crate) fn into_parts(self) -> (StreamReader<u8>, FutureReader<Result<Summary>>) {
        let (writer, reader) = streams::future(|| Err(Error::internal("the unit's read ended without a result")));
        let summary = self.summary;
        spawn_local(async move {
            // An error here means that the host doesn't wait for the result any more.
            let _ = writer.write(summary.await).await;
        });
        (self.data, reader)
    }
}

/// The end of a unit's stream that the plugin writes to. The stream ends when it is dropped.
pub struct Writer(StreamWriter<u8>);

impl Writer {
    pub(crate) fn new(writer: StreamWriter<u8>) -> Self {
        Self(writer)
    }

    /// Writes bytes, at the pace at which they are taken.
    ///
    /// # Errors
    /// "cancelled" if nobody takes them any more.
    pub async fn write(&mut self, bytes: Vec<u8>) -> Result<()> {
        let unsent = self.0.write_all(bytes).await;
        if unsent.is_empty() { Ok(()) } else { Err(Error::from_code("cancelled", "nobody reads the unit any more")) }
    }
}

#[allow(clippy::derivable_impls, reason = "the type is generated")]
impl Default for Summary {
    fn default() -> Self {
        Self {
            rows: None,
            notes: Vec::new(),
            carried: Vec::new(),
            left_out: Vec::new(),
            failed: Vec::new(),
            extra: Vec::new(),
        }
    }
}
