//! Secrets: how the operator refers to one, how it is held, and how it is kept out of every text.
//!
//! A secret is never written in the configuration. The file says where it is ([`SecretRef`]); it is read when an
//! operation begins ([`SecretRef::resolve`]), held in memory that is wiped afterwards ([`Secret`]), and whatever is
//! shown, logged or stored goes through a [`Redactor`] that knows it.

mod redact;
mod reference;
mod resolve;
mod sanitize;
mod secret;
mod spellings;

pub use redact::{MIN_REDACTED, Redactor};
pub use reference::SecretRef;
pub use resolve::{MAX_SECRET, Resolved};
pub use sanitize::sanitize;
pub use secret::Secret;
