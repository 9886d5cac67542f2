//! BSON as bytes: walking over elements, comparing values as the server does, and writing replies. Documents are never
//! decoded and encoded again on their way, so that what was inserted comes back byte for byte.

mod element;
mod number;
mod order;
mod write;

pub use element::{check, fields, get};
pub use number::as_f64;
pub use order::{Key, type_rank};
pub use write::Writer;
