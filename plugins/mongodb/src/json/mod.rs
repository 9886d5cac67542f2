//! Documents as extended JSON (MongoDB Extended JSON v2), as `mongodump` describes collections in it.

mod decimal;
mod read;
mod write;

pub use read::document;
pub use write::canonical;
