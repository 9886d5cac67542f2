//! Rows on their way into a table: as many in one statement as fit.

use cofferdam_sdk::engine::Data;
use cofferdam_sdk::{Lines, Result};

use crate::session::Session;
use crate::sql;

/// Bytes of a statement: large enough that a round trip costs nothing, far below every server's max_allowed_packet
/// (16 MiB by default), and more where a single row is longer.
const STATEMENT: usize = 1 << 20;
/// The longest row.
const LONGEST: usize = 128 << 20;

/// Inserts every row of the stream; gives how many there were.
///
/// # Errors
/// What the server says, and "corrupt" for a stream that isn't rows.
pub async fn insert(session: &mut Session, table: &str, columns: &[String], data: Data) -> Result<u64> {
    let front = format!("INSERT INTO {} ({}) VALUES ", sql::name(table), columns.join(", "));
    let mut statement = front.clone().into_bytes();
    let (mut lines, mut rows, mut waiting) = (Lines::new(data, LONGEST), 0, 0_u64);
    while let Some(line) = lines.next().await? {
        if waiting > 0 && statement.len() + line.len() > STATEMENT {
            session.run(&statement).await?;
            statement.truncate(front.len());
            waiting = 0;
        }
        if waiting > 0 {
            statement.push(b',');
        }
        statement.extend_from_slice(&line);
        waiting += 1;
        rows += 1;
    }
    if waiting > 0 {
        session.run(&statement).await?;
    }
    Ok(rows)
}

/// Reads the stream of a unit that is there already to its end.
///
/// # Errors
/// "corrupt" for a stream that isn't rows.
pub async fn pass_over(data: Data) -> Result<u64> {
    let (mut lines, mut rows) = (Lines::new(data, LONGEST), 0);
    while lines.next().await?.is_some() {
        rows += 1;
    }
    Ok(rows)
}
