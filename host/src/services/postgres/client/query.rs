//! Runs statements for their rows.

use bytes::Bytes;
use fallible_iterator::FallibleIterator;
use postgres_protocol::message::backend::DataRowBody;
use tokio::sync::oneshot;

use super::Client;
use super::answer::{Answer, Verb};
use super::ending::Ending;
use crate::error::{Error, Result};

/// Most memory that a query's rows may take, in bytes, the bookkeeping of cells included.
pub const QUERY_LIMIT: usize = 64 << 20;

/// The cells of a row, in text format and the connection's encoding; none is NULL.
pub type Row = Vec<Option<Bytes>>;

impl Client {
    /// Runs one or more statements and returns the rows of the last one that returns any.
    ///
    /// # Errors
    /// As [`Client::execute`]; `unsupported` if the rows need more than [`QUERY_LIMIT`].
    pub async fn query(&self, sql: Bytes) -> Result<Vec<Row>> {
        let (sender, receiver) = oneshot::channel();
        self.run(sql, Answer::new(Verb::Query(sender, Rows::default())), None).await?;
        self.wait(receiver).await
    }
}

/// Rows that arrive.
#[derive(Debug, Default)]
pub(super) struct Rows {
    rows: Vec<Row>,
    bytes: usize,
    too_large: bool,
}

impl Rows {
    /// Takes a row in; no more of them once they have become too large.
    pub(super) fn add(&mut self, body: &DataRowBody) -> Result<(), Ending> {
        self.bytes = self.bytes.saturating_add(body.buffer().len() + size_of::<Row>());
        self.bytes = self.bytes.saturating_add(body.ranges().size_hint().0 * size_of::<Option<Bytes>>());
        if self.bytes > QUERY_LIMIT {
            self.overflow();
        }
        if self.too_large {
            return Ok(());
        }
        let row = body
            .ranges()
            .map(|range| Ok(range.map(|range| body.buffer_bytes().slice(range))))
            .collect::<Vec<_>>()
            .map_err(|cause| Ending::Broken(format!("a row can't be read: {cause}")))?;
        self.rows.push(row);
        Ok(())
    }

    /// Notes that a row was too large to be kept.
    pub(super) fn overflow(&mut self) {
        self.too_large = true;
        self.rows = Vec::new();
    }

    pub(super) fn finish(self) -> Result<Vec<Row>> {
        if self.too_large {
            return Err(Error::unsupported(format!("the query's rows are larger than {} MiB", QUERY_LIMIT >> 20))
                .with_hint("select less, or use copy-out, which has no limit"));
        }
        Ok(self.rows)
    }
}
