//! The host's services outside of a sandbox: fakes with the names and the signatures that the bindings have in a component.
//! [`testing`](crate::testing) is how a test sets them up.

pub mod instance;
pub mod mongodb;
pub mod moved;
pub mod pipe;
pub mod postgres;
pub mod run;
pub mod signal;
pub mod stream;
pub mod tcp;
