//! Rows that psql can't load from a line: their pieces, and the statements that put them together.

use super::data_file;
use super::text::{Fence, comment, last_line};
use crate::long_rows::{LongRows, Rows, put};
use crate::quote::qualified;
use crate::table::Table;
use cofferdam_sdk::engine::{Complete, Data, File, Part, Summary, Unit};
use cofferdam_sdk::{Reading, Result};

/// The file of a unit.
pub fn file(number: usize, unit: &Unit) -> Result<File> {
    let (table, fence) = (Table::of(unit)?, Fence::new());
    let name = qualified(&table.schema, &table.name);
    let stage = put::stage(&LongRows::of(unit)?).join(";\n");
    let head = format!("{}{}{stage};\n", comment(&format!("Long rows of table {name}")), fence.begin());
    let end = format!("{};\n{}{}", put::UNSTAGE, fence.end(), last_line(number));
    let parts = vec![Part::Bytes(head.into_bytes()), Part::Unit(unit.name.clone()), Part::Bytes(end.into_bytes())];
    Ok(data_file(number, unit, parts))
}

/// What is in it.
pub fn convert(unit: &Unit, data: Data, complete: Complete) -> Result<Reading> {
    let (table, long) = (Table::of(unit)?, LongRows::of(unit)?);
    let name = qualified(&table.schema, &table.name);
    Ok(Reading::produced(|mut writer| async move {
        let mut rows = Rows::new(data, &long);
        while rows.more().await {
            writer.write(format!("{};\n", put::FILL).into_bytes()).await?;
            let row = rows.next(&mut writer).await?;
            writer.write(format!("\\.\n{};\n", put::short(&long)).into_bytes()).await?;
            writer.write(row.line).await?;
            let statements = put::put(&long, &name, &row.long).join(";\n");
            writer.write(format!("\n\\.\n{statements};\n{};\n", put::EMPTY).into_bytes()).await?;
        }
        complete.await?;
        Ok(Summary::default())
    }))
}
