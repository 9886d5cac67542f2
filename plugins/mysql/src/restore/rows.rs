//! Rows on their way into a table: as many in one statement as fit.

use cofferdam_sdk::engine::Data;
use cofferdam_sdk::{Error, Lines, Result};

use crate::catalog::Columns;
use crate::session::{Done, Session};
use crate::sql;

/// Bytes of a statement: large enough that a round trip costs nothing, far below every server's max_allowed_packet
/// (16 MiB by default), and more where a single row is longer.
const STATEMENT: usize = 1 << 20;
/// Rows of a statement: every one of its warnings can be read (`max_error_count`).
const ROWS: u64 = 10_000;
/// The longest row.
const LONGEST: usize = 128 << 20;

/// Takes values as they are: what strict mode refuses may be in a table all the same, and what is changed on the way in
/// leaves a warning, which is looked at.
const AS_IT_IS: &str = "SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES,NO_ENGINE_SUBSTITUTION'";

/// Inserts every row of the stream; gives how many there were.
///
/// # Errors
/// What the server says, and "corrupt" for a stream that isn't rows or a value that the server would change.
pub async fn insert(session: &mut Session, table: &str, columns: &Columns, data: Data) -> Result<u64> {
    session.run(AS_IT_IS).await?;
    let front = format!("INSERT INTO {} ({}) VALUES ", sql::name(table), columns.names.join(", "));
    let mut statement = front.clone().into_bytes();
    let (mut lines, mut rows, mut waiting) = (Lines::new(data, LONGEST), 0, 0_u64);
    while let Some(line) = lines.next().await? {
        if waiting > 0 && (statement.len() + line.len() > STATEMENT || waiting == ROWS) {
            send(session, &statement, waiting, columns).await?;
            statement.truncate(front.len());
            waiting = 0;
        }
        if waiting > 0 {
            statement.push(b',');
        }
        statement.reserve_exact(line.len());
        statement.extend_from_slice(&line);
        waiting += 1;
        rows += 1;
    }
    if waiting > 0 {
        send(session, &statement, waiting, columns).await?;
    }
    Ok(rows)
}

async fn send(session: &mut Session, statement: &[u8], rows: u64, columns: &Columns) -> Result<()> {
    let Done { affected, warnings } = session.execute(statement).await?;
    if affected != rows {
        return Err(Error::corrupt(format!("of {rows} rows the server took {affected}")));
    }
    if warnings == 0 {
        return Ok(());
    }
    let told = session.rows("SHOW WARNINGS").await?;
    for warning in &told {
        let cell = |place: usize| warning.get(place).and_then(Option::as_deref).unwrap_or_default();
        let code = String::from_utf8_lossy(cell(1)).into_owned();
        // "Data truncated for column 'x' at row 1": what isn't in the list of an ENUM is stored as an empty text, and was.
        let column = String::from_utf8_lossy(cell(2)).into_owned();
        let listed = |name: &String| column.starts_with(&format!("Data truncated for column '{name}' at row "));
        if code != "1265" || !columns.lists.iter().any(listed) {
            return Err(Error::corrupt(format!("the server would change a value of the row (warning {code})"))
                .with_hint("the column isn't what it is on the source; are the servers of very different versions?"));
        }
    }
    if (told.len() as u64) < warnings {
        return Err(Error::corrupt("the server doesn't tell all of its warnings"));
    }
    Ok(())
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
