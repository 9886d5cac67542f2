//! The fake of `cofferdam:postgres`: a server is a function from a statement to its answer.

use std::rc::Rc;

use super::instance::{Endpoint, Instance, Open};
use super::run::spawn_local;
use super::stream::{FutureReader, StreamReader, future, stream};
use crate::bindings::services::cofferdam::postgres::postgres::{Cell, Outcome};
use crate::{Error, Result};

pub(super) type PostgresServer = Rc<dyn Fn(Statement) -> Result<Answer>>;

/// What a server is asked.
#[derive(Clone, Debug)]
pub struct Statement {
    /// The database, if not the endpoint's own.
    pub database: Option<String>,
    /// The statements.
    pub sql: Vec<u8>,
    /// What was copied in with it, whole.
    pub data: Option<Vec<u8>>,
}

/// What a server answers.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// The rows of a query.
    pub rows: Vec<Vec<Cell>>,
    /// What is copied out.
    pub data: Vec<u8>,
    /// How many rows the command tag says.
    pub affected: u64,
}

impl Instance {
    /// The server for `cofferdam:postgres`.
    #[must_use]
    pub fn postgres(mut self, server: impl Fn(Statement) -> Result<Answer> + 'static) -> Self {
        self.postgres = Some(Rc::new(server));
        self
    }
}

/// The fake of `cofferdam:postgres/postgres.connection`.
pub struct Connection {
    server: PostgresServer,
    database: Option<String>,
    _open: Open,
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// "unreachable" if the instance has no server.
    pub async fn connect(to: &Endpoint, database: Option<String>) -> Result<Self> {
        let server = to.0.postgres.clone().ok_or_else(|| {
            Error::unreachable("the test's instance has no server: give it one with `Instance::postgres`")
        })?;
        Ok(Self { server, database, _open: to.0.opened() })
    }

    fn ask(&self, sql: Vec<u8>, data: Option<Vec<u8>>) -> Result<Answer> {
        (self.server)(Statement { database: self.database.clone(), sql, data })
    }

    /// Runs statements.
    ///
    /// # Errors
    /// What the server says.
    pub async fn execute(&self, sql: Vec<u8>) -> Result<Outcome> {
        let answer = self.ask(sql, None)?;
        Ok(Outcome { affected: answer.affected, messages: Vec::new() })
    }

    /// The rows of a query.
    ///
    /// # Errors
    /// What the server says.
    pub async fn query(&self, sql: Vec<u8>) -> Result<Vec<Vec<Cell>>> {
        Ok(self.ask(sql, None)?.rows)
    }

    /// Copies out.
    ///
    /// # Errors
    /// What the server says.
    pub async fn copy_out(&self, sql: Vec<u8>) -> Result<(StreamReader<u8>, FutureReader<Result<u64>>)> {
        let answer = self.ask(sql, None)?;
        Ok(streamed(answer.data, answer.affected))
    }

    /// Copies in, once the stream has ended and is said to be whole.
    ///
    /// # Errors
    /// What the server says, and `complete`.
    pub async fn copy_in(
        &self,
        sql: Vec<u8>,
        data: StreamReader<u8>,
        complete: FutureReader<Result<()>>,
    ) -> Result<u64> {
        let data = data.collect().await;
        complete.await?;
        Ok(self.ask(sql, Some(data))?.affected)
    }
}

/// Bytes as a stream, with the count that comes after their end.
pub(super) fn streamed(data: Vec<u8>, count: u64) -> (StreamReader<u8>, FutureReader<Result<u64>>) {
    let (mut writer, reader) = stream();
    let (counted, told) = future(|| Err(Error::internal("the copy ended without a result")));
    spawn_local(async move {
        let unread = writer.write_all(data).await;
        drop(writer);
        let result = if unread.is_empty() { Ok(count) } else { Err(Error::from_code("cancelled", "nobody reads it")) };
        // Whoever doesn't wait for the count doesn't miss it.
        let _ = counted.write(result).await;
    });
    (reader, told)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::native::run::run;

    #[test]
    fn rows_go_through_a_copy_in_both_directions() {
        run(async {
            let instance = Instance::new().postgres(|asked| match asked.data {
                Some(data) => Ok(Answer { affected: data.len() as u64, ..Answer::default() }),
                None if asked.sql.starts_with(b"COPY") => {
                    Ok(Answer { data: b"1\n2\n".to_vec(), affected: 2, ..Answer::default() })
                }
                None => Ok(Answer { rows: vec![vec![Some(b"15.4".to_vec())]], ..Answer::default() }),
            });
            let connection = Connection::connect(&instance.endpoint(), None).await.unwrap();
            assert_eq!(connection.value("SHOW server_version").await.unwrap().as_deref(), Some("15.4"));
            let (data, counted) = connection.copy_out(b"COPY t TO STDOUT".to_vec()).await.unwrap();
            let (completed, complete) = future(|| Err(Error::internal("")));
            completed.write(Ok(())).await.unwrap();
            assert_eq!(connection.copy_in(b"COPY t FROM STDIN".to_vec(), data, complete).await.unwrap(), 4);
            assert_eq!(counted.await.unwrap(), 2);
        });
    }

    #[test]
    fn what_a_plugin_makes_itself_is_copied_whole_or_not_at_all() {
        run(async {
            let instance = Instance::new().postgres(|asked| {
                assert_eq!(asked.data.as_deref(), Some(&b"1\n2\n"[..]));
                Ok(Answer { affected: 2, ..Answer::default() })
            });
            let connection = Connection::connect(&instance.endpoint(), None).await.unwrap();
            let made = connection.copy_in_produced("COPY t FROM STDIN", |mut writer| async move {
                writer.write(b"1\n".to_vec()).await?;
                writer.write(b"2\n".to_vec()).await?;
                Ok("made")
            });
            assert_eq!(made.await.unwrap(), (2, "made"));
            let failed = connection.copy_in_produced("COPY t FROM STDIN", |mut writer| async move {
                writer.write(b"1\n".to_vec()).await?;
                Err::<(), _>(Error::corrupt("half a row"))
            });
            assert_eq!(failed.await.unwrap_err().code, "corrupt");
        });
    }
}
