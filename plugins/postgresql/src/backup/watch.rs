//! What the leader looks at while workers read: whether its snapshot is still there, and who waits for its locks.
//!
//! It looks on a connection of its own: beside an open COPY the leader's would have to wait for its end, and it is just then,
//! when somebody queues for a stronger lock, that the leader reads tables itself.

use super::units::note;
use crate::catalog::rows;
use crate::session::Session;
use cofferdam_sdk::engine::{BackupOptions, Note};
use cofferdam_sdk::{Endpoint, Error, Result, time};
use serde::Deserialize;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

const WAITING: &str = include_str!("waiting.sql");

/// The second connection of a leader.
pub struct Watch {
    endpoint: Endpoint,
    options: BackupOptions,
    session: RefCell<Rc<Session>>,
    /// When we first saw a process wait, in milliseconds since 1970.
    since: RefCell<HashMap<i32, u64>>,
}

/// A process that waits for a lock of ours.
#[derive(Deserialize)]
struct Waiting {
    process: i32,
    role: Option<String>,
    object: Option<String>,
}

impl Watch {
    /// Looks on `session`, and on others like it if that is lost.
    pub fn new(endpoint: Endpoint, options: BackupOptions, session: Session) -> Self {
        Self { endpoint, options, session: RefCell::new(Rc::new(session)), since: RefCell::default() }
    }

    /// The connection, for what is to be seen outside of the snapshot.
    pub fn session(&self) -> Rc<Session> {
        Rc::clone(&self.session.borrow())
    }

    /// Looks at the session that leads: fails if it is gone, or if somebody has waited for its locks for longer than the
    /// operator allows; says who waits.
    pub async fn look(&self, leader: &Session) -> Result<Vec<Note>> {
        // Where a COPY is open the answer would come after it, and the COPY's own end tells as much.
        if !leader.is_copying() {
            leader.connection.run("SELECT 1").await?;
        }
        let waiting = self.waiting(leader).await?;
        let now = time::now();
        let mut since = self.since.borrow_mut();
        since.retain(|process, _| waiting.iter().any(|other| other.process == *process));
        let mut notes = Vec::new();
        for who in waiting {
            let waited = now.saturating_sub(*since.entry(who.process).or_insert(now));
            if self.options.max_blocking.is_some_and(|most| waited >= most) {
                return Err(who.too_long(waited));
            }
            notes.push(note("warning", who.name(), who.waits()));
        }
        Ok(notes)
    }

    async fn waiting(&self, leader: &Session) -> Result<Vec<Waiting>> {
        let query = WAITING.replace("$leader", &leader.process);
        let session = self.session();
        match rows::at_once(&session, &query).await {
            // Nothing hangs on this connection: another one is as good.
            Err(error) if error.code == "unreachable" => {
                let session = Rc::new(connect(&self.endpoint, &self.options).await?);
                self.session.replace(Rc::clone(&session));
                rows::at_once(&session, &query).await
            }
            other => other,
        }
    }
}

/// Opens a session to look on.
pub async fn connect(endpoint: &Endpoint, options: &BackupOptions) -> Result<Session> {
    let session = Session::open(endpoint, options.database.clone(), &options.operation_id).await?;
    session.prepare_reading().await?;
    Ok(session)
}

impl Waiting {
    fn name(&self) -> String {
        format!("process {} of {}", self.process, self.role.as_deref().unwrap_or("the server"))
    }

    fn waits(&self) -> String {
        let object = self.object.as_deref().map(|name| format!(" on {name}")).unwrap_or_default();
        format!("it waits for a lock{object} that this backup holds")
    }

    fn too_long(&self, waited: u64) -> Error {
        let (name, waits) = (self.name(), self.waits());
        Error::conflict(format!("this backup is in the way of {name}: {waits}, for {} s by now", waited / 1000))
            .with_hint("back up when nobody alters or locks tables, or let them wait longer with --max-blocking")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_waits_is_named_with_what_they_wait_for() {
        let waiting = Waiting { process: 7, role: Some("al".to_owned()), object: Some("public.t".to_owned()) };
        let error = waiting.too_long(31_500);
        assert_eq!(error.code, "conflict");
        assert!(
            error.message.contains("process 7 of al") && error.message.contains("on public.t"),
            "{}",
            error.message
        );
        assert!(error.message.contains("31 s"), "{}", error.message);
    }
}
