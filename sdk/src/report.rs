//! What a plugin tells the operator while it works.

pub use crate::bindings::services::cofferdam::host::report::{Level, log, progress};
