//! Cofferdam backs up, restores and clones databases of different engines through sandboxed plugins.

pub mod cli;
pub mod config;
pub mod connection_url;
pub mod dial;
pub mod error;
pub mod fault;
pub mod install;
pub mod operation;
pub mod plugin;
pub mod repository;
pub mod secrets;
pub mod services;
