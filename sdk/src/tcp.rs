//! The service for protocols that the host doesn't speak, with the reads that protocols are made of.

use crate::{Error, Result};

#[cfg(target_family = "wasm")]
pub use crate::bindings::services::cofferdam::tcp::{secret_write::write_secret, secrets::respond, tcp::Connection};
#[cfg(not(target_family = "wasm"))]
pub use crate::native::tcp::{Connection, respond, write_secret};

/// How much one read asks for: what a socket holds.
const READ: u32 = 64 << 10;

/// A connection with a buffer in front of its reads.
pub struct Buffered {
    connection: Connection,
    buffer: Vec<u8>,
    /// Where in the buffer the unread bytes begin.
    at: usize,
}

impl Buffered {
    /// A buffer in front of a connection.
    #[must_use]
    pub fn new(connection: Connection) -> Self {
        Self { connection, buffer: Vec::new(), at: 0 }
    }

    /// The connection, to write on.
    #[must_use]
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// The next `count` bytes, all of them.
    ///
    /// # Errors
    /// "unreachable" if the stream ends before, and what the connection says.
    pub async fn exactly(&mut self, count: usize) -> Result<Vec<u8>> {
        while self.unread().len() < count {
            self.fill().await?;
        }
        let bytes = self.unread().get(..count).unwrap_or_default().to_vec();
        self.at += count;
        Ok(bytes)
    }

    /// The bytes up to and with the next `end`, of which there may be at most `limit` bytes.
    ///
    /// # Errors
    /// "corrupt" if there is no `end` within the limit, and as [`Self::exactly`].
    pub async fn until(&mut self, end: u8, limit: usize) -> Result<Vec<u8>> {
        let mut looked = 0;
        loop {
            let unread = self.unread();
            if let Some(found) = unread.iter().skip(looked).position(|byte| *byte == end) {
                return self.exactly(looked + found + 1).await;
            }
            looked = unread.len();
            if looked > limit {
                return Err(Error::corrupt(format!("the server sent more than {limit} bytes where a line should end")));
            }
            self.fill().await?;
        }
    }

    /// Goes over to TLS.
    ///
    /// # Errors
    /// "corrupt" if the server said more than it was asked, which would then pass for something said under TLS.
    pub async fn start_tls(&mut self) -> Result<()> {
        if !self.unread().is_empty() {
            return Err(Error::corrupt("the server said something before TLS that must come after it"));
        }
        self.connection.start_tls().await
    }

    fn unread(&self) -> &[u8] {
        self.buffer.get(self.at..).unwrap_or_default()
    }

    async fn fill(&mut self) -> Result<()> {
        let more = self.connection.read(READ).await?;
        if more.is_empty() {
            return Err(Error::unreachable("the server closed the connection").retryable());
        }
        self.buffer.drain(..self.at);
        self.at = 0;
        self.buffer.extend_from_slice(&more);
        Ok(())
    }
}
