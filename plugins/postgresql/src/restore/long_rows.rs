//! Long rows on their way in: each by pieces, and put together on the server.

use super::marker::Marker;
use crate::long_rows::{LongRows, Rows, put};
use crate::quote::{literal, qualified};
use crate::session::Session;
use crate::table::Table;
use cofferdam_sdk::engine::{Complete, Data, Summary, Unit};
use cofferdam_sdk::{Error, Result, Writer};

/// Writes a unit of long rows and its mark in one transaction.
pub async fn write(session: &Session, marker: &Marker, unit: &Unit, data: Data, complete: Complete) -> Result<Summary> {
    session.connection.run(format!("BEGIN; {}", marker.whole(&unit.name))).await?;
    let summary = add(session, unit, data, complete).await?;
    session.connection.run("COMMIT").await?;
    Ok(summary)
}

/// Writes long rows within the transaction that the session is in.
pub async fn add(session: &Session, unit: &Unit, data: Data, complete: Complete) -> Result<Summary> {
    let table = Table::of(unit)?;
    let name = qualified(&table.schema, &table.name);
    let rows = fill(session, unit, &name, data).await;
    let rows = rows.map_err(|error| error.while_doing(format!("writing long rows of table {name}")))?;
    complete.await?;
    Ok(Summary { rows: Some(rows), ..Summary::default() })
}

async fn fill(session: &Session, unit: &Unit, name: &str, data: Data) -> Result<u64> {
    let (connection, table) = (&session.connection, LongRows::of(unit)?);
    let mut rows = Rows::new(data, &table);
    let mut written = 0;
    if !rows.more().await {
        return Ok(written);
    }
    no_rules(session, name).await?;
    connection.run(put::stage(&table).join(";\n")).await?;
    while rows.more().await {
        let source = &mut rows;
        let cut =
            connection.copy_in_produced(put::FILL, move |mut writer| async move { source.next(&mut writer).await });
        let (_, row) = cut.await?;
        let line = [row.line.as_slice(), b"\n"].concat();
        let short = move |mut writer: Writer| async move { writer.write(line).await };
        connection.copy_in_produced(put::short(&table), short).await?;
        written += connection.run(put::put(&table, name, &row.long).join(";\n")).await?.affected;
        connection.run(put::EMPTY).await?;
    }
    connection.run(put::UNSTAGE).await?;
    Ok(written)
}

/// Fails where a rule would do something else than to insert rows. COPY goes past rules, and INSERT doesn't. Only a table
/// that is added to has any yet.
async fn no_rules(session: &Session, name: &str) -> Result<()> {
    let query = format!(
        "SELECT rulename FROM pg_catalog.pg_rewrite
         WHERE ev_class = {}::pg_catalog.regclass AND ev_type = '3' AND ev_enabled <> 'D' LIMIT 1",
        literal(name)
    );
    match session.connection.value(query).await? {
        Some(rule) => Err(Error::unsupported(format!("the rule {rule} of the table would change what is inserted"))
            .with_hint(
                "rows that are too long for COPY can't go past rules: disable it with ALTER TABLE ... DISABLE RULE",
            )),
        None => Ok(()),
    }
}
