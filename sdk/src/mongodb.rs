//! The service that speaks MongoDB's protocol.

#[cfg(target_family = "wasm")]
pub use crate::bindings::mongodb::cofferdam::mongodb::mongodb::{Client, Follower};
#[cfg(not(target_family = "wasm"))]
pub use crate::native::mongodb::{Client, Follower};
