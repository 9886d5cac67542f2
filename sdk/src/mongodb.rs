//! The service that speaks MongoDB's protocol.

pub use crate::bindings::mongodb::cofferdam::mongodb::mongodb::Client;
