//! Rows whose text is too long for COPY.
//!
//! A server makes a row's text in one buffer of at most 1 GB, and takes it back in one, though a row may hold far more: a
//! `bytea` of 600 MB is a text of 1.2 GB, and several columns may have 1 GB each. Such rows are in a unit of their own, as
//! the very line that COPY would have made, however long. So they are counted and digested like any other row, and it makes
//! no difference to a digest which rows were taken for long ones. The line is put together of pieces when it is read, and
//! cut into pieces when it is written.

mod columns;
mod cut;
pub mod put;
mod rows;

pub use columns::{Column, Kind, LongRows, fits};
pub use rows::Rows;

/// The media type: lines as in COPY's text format, in the database's own encoding, of any length.
pub const FORMAT: &str = "text/vnd.cofferdam.postgresql.long-rows; version=1";
