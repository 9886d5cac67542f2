//! What is in a database, kind by kind: a query, its rows, and the statements that make the object anew.
//!
//! Everything beyond the queries themselves is pure, so that it is tested without a server.

pub mod census;
pub mod checks;
pub mod columns;
pub mod comments;
pub mod configuration_tables;
pub mod database;
pub mod default_privileges;
pub mod definitions;
pub mod extension_dependencies;
pub mod extensions;
pub mod foreign_keys;
pub mod functions;
pub mod id;
pub mod indexes;
pub mod large_objects;
pub mod left_out;
pub mod long_rows;
pub mod object;
pub mod privileges;
pub mod rows;
pub mod schemas;
pub mod security_labels;
pub mod sequences;
pub mod tables;
pub mod types;
pub mod views;

#[cfg(test)]
mod tests;
