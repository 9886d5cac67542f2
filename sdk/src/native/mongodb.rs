//! The fake of `cofferdam:mongodb`: a server is a function from a request to documents.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use super::instance::{Endpoint, Instance, Open};
use super::postgres::streamed;
use super::stream::{FutureReader, StreamReader};
use crate::{Error, Result};

pub(super) type MongodbServer = Rc<dyn Fn(Request) -> Result<Vec<Vec<u8>>>>;

/// What a server is asked.
#[derive(Clone, Debug)]
pub enum Request {
    /// A command; one that opens a cursor is answered with its documents, another with its one reply.
    Command {
        /// The database.
        database: String,
        /// BSON.
        command: Vec<u8>,
    },
    /// Documents to insert; the answer is the documents that were.
    Insert {
        /// The database.
        database: String,
        /// The collection.
        collection: String,
        /// All of them, end to end.
        documents: Vec<u8>,
        /// Whether it is tried again.
        repeated: bool,
    },
}

impl Instance {
    /// The server for `cofferdam:mongodb`.
    #[must_use]
    pub fn mongodb(mut self, server: impl Fn(Request) -> Result<Vec<Vec<u8>>> + 'static) -> Self {
        self.mongodb = Some(Rc::new(server));
        self
    }
}

/// The fake of `cofferdam:mongodb/mongodb.client`.
pub struct Client {
    server: MongodbServer,
    _open: Open,
}

impl Client {
    /// Connects.
    ///
    /// # Errors
    /// "unreachable" if the instance has no server.
    pub async fn connect(to: &Endpoint, _writes: bool) -> Result<Self> {
        let server = to.0.mongodb.clone().ok_or_else(|| {
            Error::unreachable("the test's instance has no server: give it one with `Instance::mongodb`")
        })?;
        Ok(Self { server, _open: to.0.opened() })
    }

    /// The reply to a command.
    ///
    /// # Errors
    /// What the server says.
    pub async fn run_command(&self, database: String, command: Vec<u8>) -> Result<Vec<u8>> {
        let reply = (self.server)(Request::Command { database, command })?.into_iter().next();
        reply.ok_or_else(|| Error::internal("the test's server gave no reply"))
    }

    /// The documents of a cursor, streamed.
    ///
    /// # Errors
    /// What the server says.
    pub async fn read(
        &self,
        database: String,
        command: Vec<u8>,
    ) -> Result<(StreamReader<u8>, FutureReader<Result<u64>>)> {
        let documents = (self.server)(Request::Command { database, command })?;
        Ok(streamed(documents.concat(), documents.len() as u64))
    }

    /// A cursor that waits for more: the test's server answers with the replies.
    ///
    /// # Errors
    /// What the server says.
    pub async fn follow(&self, database: String, command: Vec<u8>, _wait: u32) -> Result<Follower> {
        let replies = (self.server)(Request::Command { database, command })?;
        Ok(Follower(RefCell::new(replies.into())))
    }

    /// The documents of a cursor.
    ///
    /// # Errors
    /// What the server says.
    pub async fn documents(&self, database: String, command: Vec<u8>) -> Result<Vec<Vec<u8>>> {
        (self.server)(Request::Command { database, command })
    }

    /// Inserts documents, once the stream has ended and is said to be whole.
    ///
    /// # Errors
    /// What the server says, and `complete`.
    pub async fn insert(
        &self,
        database: String,
        collection: String,
        documents: StreamReader<u8>,
        complete: FutureReader<Result<()>>,
        repeated: bool,
        _ordered: bool,
    ) -> Result<u64> {
        let documents = documents.collect().await;
        complete.await?;
        let inserted = (self.server)(Request::Insert { database, collection, documents, repeated })?;
        Ok(inserted.len() as u64)
    }
}

/// The fake of `cofferdam:mongodb/mongodb.follower`.
pub struct Follower(RefCell<VecDeque<Vec<u8>>>);

impl Follower {
    /// The next reply; none once there are no more.
    ///
    /// # Errors
    /// Never.
    pub async fn next(&self) -> Result<Option<Vec<u8>>> {
        Ok(self.0.borrow_mut().pop_front())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::native::run::run;
    use crate::native::stream::future;

    #[test]
    fn documents_are_streamed_counted_and_inserted() {
        run(async {
            let instance = Instance::new().mongodb(|asked| match asked {
                Request::Insert { documents, .. } => Ok(vec![Vec::new(); documents.len() / 2]),
                Request::Command { .. } => Ok(vec![b"ab".to_vec(), b"cd".to_vec(), b"ef".to_vec()]),
            });
            let client = Client::connect(&instance.endpoint(), false).await.unwrap();
            let (data, counted) = client.read("d".into(), Vec::new()).await.unwrap();
            let (completed, complete) = future(|| Err(Error::internal("")));
            completed.write(Ok(())).await.unwrap();
            assert_eq!(client.insert("d".into(), "c".into(), data, complete, false, false).await.unwrap(), 3);
            assert_eq!(counted.await.unwrap(), 3);
        });
    }
}
