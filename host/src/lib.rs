//! Cofferdam backs up, restores and clones databases of different engines through sandboxed plugins.

pub mod config;
pub mod error;
pub mod operation;
pub mod plugin;
pub mod secrets;
pub mod services;
