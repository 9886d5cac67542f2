//! Doubles of servers that no registry carries, so that tests can meet them at all.

pub mod mongodb;
pub mod mysql_login;
