//! The lock under which everybody takes the snapshot, and what keeps tables as they are afterwards.

use cofferdam_sdk::{Endpoint, Result};

use crate::session::Session;
use crate::sql;

/// "Lock wait timeout exceeded".
pub const TIMED_OUT: &str = "1205";

/// Stops commits for the moment in which everybody takes the snapshot.
pub struct Lock {
    session: Session,
    /// MariaDB stops commits alone. MySQL has to wait for every statement that is under way, and others wait with it.
    staged: bool,
}

impl Lock {
    /// A session for it, which holds nothing yet.
    ///
    /// # Errors
    /// What the server says.
    pub async fn open(source: &Endpoint, operation: &str) -> Result<Self> {
        let mut session = Session::open(source, operation).await?;
        // Who alters a pinned table waits for us, and we for them: they go first, see `lead`.
        session.run("SET SESSION lock_wait_timeout = 5").await?;
        let staged = session.is_mariadb_since(10, 4);
        Ok(Self { session, staged })
    }

    /// Takes it, or gives up after 5 s (`lock_wait_timeout`).
    ///
    /// # Errors
    /// "conflict" if a statement has been running for too long.
    pub async fn take(&mut self) -> Result<()> {
        let statements: &[&str] = if self.staged {
            // "BACKUP STAGE": at BLOCK_COMMIT nothing is committed, and no table is altered.
            &["BACKUP STAGE START", "BACKUP STAGE BLOCK_COMMIT"]
        } else {
            &["FLUSH TABLES WITH READ LOCK"]
        };
        for statement in statements {
            self.session.run(statement).await.map_err(|error| match error.engine_code.as_deref() {
                Some(TIMED_OUT) => error
                    .while_doing("commits can't be stopped for a moment")
                    .with_hint("a statement or another backup holds them: try again when it is over"),
                _ => error.while_doing("commits have to be stopped for a moment"),
            })?;
        }
        Ok(())
    }

    /// For what is asked beside the session that reads.
    pub fn session(&mut self) -> &mut Session {
        &mut self.session
    }

    /// For how many seconds somebody has waited for a table's lock, if anybody has.
    ///
    /// # Errors
    /// What the server says.
    pub async fn longest_wait(&mut self, database: &str) -> Result<Option<u64>> {
        let query = format!(
            "SELECT MAX(TIME) FROM information_schema.PROCESSLIST WHERE DB = {} AND STATE LIKE 'Waiting for table%lock'",
            sql::text(database)
        );
        let longest = self.session.column(query).await?;
        Ok(longest.first().and_then(|seconds| seconds.parse().ok()))
    }

    /// Lets go of it.
    ///
    /// # Errors
    /// If it was lost meanwhile: then nobody knows that the snapshots are of one moment.
    pub async fn release(&mut self) -> Result<()> {
        let statement = if self.staged { "BACKUP STAGE END" } else { "UNLOCK TABLES" };
        let released = self.session.run(statement).await;
        released.map(drop).map_err(|error| error.while_doing("the lock under which snapshots were taken was lost"))
    }
}

/// Tables that one statement pins.
const TOGETHER: usize = 100;

/// Pins tables, in the transaction that is open: until its end nobody alters, drops or empties one. The snapshot alone doesn't
/// see to that: it shows a table that was emptied by TRUNCATE, or altered, as empty or not at all. Reads no row, so the
/// transaction's snapshot isn't taken by this.
///
/// # Errors
/// "not-found" if one is gone; "conflict" if somebody alters one, or waits to.
pub async fn pin(session: &mut Session, tables: &[&str]) -> Result<()> {
    for some in tables.chunks(TOGETHER) {
        let reads: Vec<_> =
            some.iter().map(|table| format!("SELECT 1 FROM {} WHERE FALSE", sql::name(table))).collect();
        session.rows(reads.join(" UNION ALL ")).await?;
    }
    Ok(())
}

/// Pins what can be pinned without waiting for long, and gives the others.
///
/// # Errors
/// What the server says, but that somebody alters one or waits to.
pub async fn pin_most<'a>(session: &mut Session, tables: &[&'a str]) -> Result<Vec<&'a str>> {
    let mut contested = Vec::new();
    for some in tables.chunks(TOGETHER) {
        match pin(session, some).await {
            Err(error) if error.has_engine_code(TIMED_OUT) => {}
            pinned => {
                pinned?;
                continue;
            }
        }
        for table in some {
            match pin(session, &[table]).await {
                Err(error) if error.has_engine_code(TIMED_OUT) => contested.push(*table),
                pinned => pinned?,
            }
        }
    }
    Ok(contested)
}

/// Locks tables that know no snapshot against writes, until the session that is given back is closed.
///
/// # Errors
/// What the server says.
pub async fn against_writes(source: &Endpoint, operation: &str, database: &str, tables: &[&str]) -> Result<Session> {
    let mut session = Session::open(source, operation).await?;
    let locks: Vec<_> =
        tables.iter().map(|table| format!("{}.{} READ", sql::name(database), sql::name(table))).collect();
    let locked = session.run(format!("LOCK TABLES {}", locks.join(", "))).await;
    locked.map_err(|error| error.while_doing("tables without transactions have to be locked"))?;
    Ok(session)
}
