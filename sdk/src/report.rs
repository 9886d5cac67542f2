//! What a plugin tells the operator while it works.

pub use crate::bindings::services::cofferdam::host::report::Level;
#[cfg(target_family = "wasm")]
pub use crate::bindings::services::cofferdam::host::report::{log, progress};
#[cfg(not(target_family = "wasm"))]
pub use crate::native::run::{log, progress};
