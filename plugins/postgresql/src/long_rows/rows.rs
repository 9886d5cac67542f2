//! A stream of long rows, row by row.

use super::columns::{Kind, LongRows};
use super::cut::{Cutter, Row};
use cofferdam_sdk::engine::Data;
use cofferdam_sdk::{Error, Result, StreamResult, Writer};

/// Bytes that are asked of the stream at once, and of pieces that are handed on at once.
const READ: usize = 128 << 10;

/// The rows of a stream.
pub struct Rows {
    data: Data,
    cutter: Cutter,
    buffer: Vec<u8>,
    /// What of the buffer was taken.
    taken: usize,
    ended: bool,
}

impl Rows {
    /// Nothing of the stream is read yet.
    pub fn new(data: Data, table: &LongRows) -> Self {
        let bytes = table.columns.iter().map(|column| column.kind == Kind::Bytes).collect();
        Self { data, cutter: Cutter::new(bytes), buffer: Vec::new(), taken: 0, ended: false }
    }

    /// Whether there is another row.
    pub async fn more(&mut self) -> bool {
        while self.taken == self.buffer.len() && !self.ended {
            self.read().await;
        }
        self.taken < self.buffer.len()
    }

    /// Writes the pieces of the next row's long values, as lines of COPY; gives the rest of it.
    ///
    /// # Errors
    /// "corrupt" if it isn't a row, or the stream ends within it; "cancelled" if nobody takes the pieces.
    pub async fn next(&mut self, writer: &mut Writer) -> Result<Row> {
        let mut pieces = Vec::new();
        loop {
            if !self.more().await {
                let within = if self.cutter.is_within() { " in the middle of a row" } else { "" };
                return Err(Error::corrupt(format!("the unit ends{within}")));
            }
            let rest = self.buffer.get(self.taken..).unwrap_or_default();
            self.taken += self.cutter.push(rest, &mut pieces)?;
            let row = self.cutter.take();
            if pieces.len() >= READ || row.is_some() && !pieces.is_empty() {
                writer.write(std::mem::take(&mut pieces)).await?;
            }
            if let Some(row) = row {
                return Ok(row);
            }
        }
    }

    async fn read(&mut self) {
        let mut room = std::mem::take(&mut self.buffer);
        room.clear();
        room.reserve(READ);
        let (result, read) = self.data.read(room).await;
        (self.buffer, self.taken) = (read, 0);
        self.ended = !matches!(result, StreamResult::Complete(_));
    }
}
