//! The columns of a table: how they are read so that what is read is what they hold.

use cofferdam_sdk::Result;

use super::texts;
use crate::session::Session;
use crate::sql;

/// A table's columns that hold something of their own.
#[derive(Debug, Default)]
pub struct Columns {
    /// Their names, quoted.
    pub names: Vec<String>,
    /// As a `SELECT` reads them exactly.
    pub read: Vec<String>,
    /// The names of those that are ENUM or SET: such a column may hold a value that isn't in its list.
    pub lists: Vec<String>,
}

/// A table's columns, with `history` also those that say from when to when a row was current ("System-Versioned
/// Tables").
///
/// # Errors
/// What the server says.
pub async fn columns(session: &mut Session, database: &str, table: &str, history: bool) -> Result<Columns> {
    let generation = if session.is_mariadb() { "GENERATION_EXPRESSION" } else { "''" };
    let query = format!(
        "SELECT COLUMN_NAME, DATA_TYPE, EXTRA, {generation} FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = {} AND \
         TABLE_NAME = {} ORDER BY ORDINAL_POSITION",
        sql::text(database),
        sql::text(table)
    );
    let mut columns = Columns::default();
    let mut periods = 0;
    for row in texts(session.rows(query).await?)? {
        let [name, kind, extra, generation] = row.as_slice() else { continue };
        let extra = extra.to_ascii_uppercase();
        let quoted = sql::name(name);
        if matches!(generation.as_str(), "ROW START" | "ROW END") {
            if history {
                columns.read.push(quoted.clone());
                columns.names.push(quoted);
            }
            periods += 1;
            continue;
        }
        // "DEFAULT_GENERATED" is a default that is an expression, and no generated column.
        if extra.contains("VIRTUAL GENERATED") || extra.contains("STORED GENERATED") {
            continue;
        }
        columns.read.push(match kind.as_str() {
            // As text a FLOAT has six digits, which aren't all that it holds; as a DOUBLE it is exact.
            "float" => format!("CAST({quoted} AS DOUBLE)"),
            // Bytes would be taken for their inner form.
            "uuid" | "inet4" | "inet6" => format!("CAST({quoted} AS CHAR)"),
            "enum" | "set" => {
                columns.lists.push(name.clone());
                quoted.clone()
            }
            _ => quoted.clone(),
        });
        columns.names.push(quoted);
    }
    // Where the table doesn't name them they are there all the same, and hidden.
    if history && periods == 0 {
        for hidden in ["row_start", "row_end"] {
            columns.names.push(sql::name(hidden));
            columns.read.push(sql::name(hidden));
        }
    }
    Ok(columns)
}
