//! A connection inside of a test: two queues of bytes, and the server's end of them.
#![allow(clippy::panic, reason = "a scripted server says what else was said")]

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use super::signal::Signal;

/// Bytes on their way in one direction. As with a socket, whoever writes needn't wait for the reader.
#[derive(Default)]
pub struct Queue {
    bytes: RefCell<VecDeque<u8>>,
    closed: Cell<bool>,
    changed: Signal,
}

impl Queue {
    /// Adds bytes; false if the reader is gone.
    pub fn push(&self, bytes: &[u8]) -> bool {
        if self.closed.get() {
            return false;
        }
        self.bytes.borrow_mut().extend(bytes);
        self.changed.wake();
        true
    }

    /// At least one byte and at most `limit`; none at the end.
    pub async fn take(&self, limit: usize) -> Vec<u8> {
        self.changed
            .until(|| {
                let mut bytes = self.bytes.borrow_mut();
                let count = bytes.len().min(limit);
                (count > 0 || self.closed.get()).then(|| bytes.drain(..count).collect())
            })
            .await
    }

    /// Nothing comes after what is in it.
    pub fn close(&self) {
        self.closed.set(true);
        self.changed.wake();
    }
}

/// Both directions of a connection.
#[derive(Clone, Default)]
pub struct Pipe {
    /// What the engine says.
    pub to_server: Rc<Queue>,
    /// What the server says.
    pub to_engine: Rc<Queue>,
    /// Whether the engine has gone over to TLS.
    pub encrypted: Rc<Cell<bool>>,
}

impl Pipe {
    /// Ends it in both directions.
    pub fn close(&self) {
        self.to_server.close();
        self.to_engine.close();
    }
}

/// The server's end of a connection. It is closed when it is dropped.
pub struct Peer(pub(super) Pipe);

impl Peer {
    /// At least one byte of what the engine says, and at most `limit`; empty when it has hung up.
    pub async fn read(&self, limit: usize) -> Vec<u8> {
        self.0.to_server.take(limit).await
    }

    /// The next `count` bytes; fewer if the engine hangs up before.
    pub async fn exactly(&self, count: usize) -> Vec<u8> {
        let mut all = Vec::new();
        while all.len() < count {
            let more = self.read(count - all.len()).await;
            if more.is_empty() {
                break;
            }
            all.extend(more);
        }
        all
    }

    /// The bytes up to and with the next `end`; none if the engine hangs up before.
    pub async fn until(&self, end: u8) -> Option<Vec<u8>> {
        let mut all = Vec::new();
        while all.last() != Some(&end) {
            all.push(*self.read(1).await.first()?);
        }
        Some(all)
    }

    /// Says something to the engine. If it has hung up, nobody hears it.
    pub fn write(&self, bytes: &[u8]) {
        self.0.to_engine.push(bytes);
    }

    /// Whether the engine has gone over to TLS.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.0.encrypted.get()
    }

    /// What a scripted server waits for.
    ///
    /// # Panics
    /// If the engine says something else.
    pub async fn expect(&self, bytes: &[u8]) {
        let said = self.exactly(bytes.len()).await;
        if said != bytes {
            panic!("the engine was to say \"{}\" and said \"{}\"", bytes.escape_ascii(), said.escape_ascii());
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.0.close();
    }
}
