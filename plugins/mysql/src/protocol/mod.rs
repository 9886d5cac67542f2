//! The client/server protocol ("MySQL Internals: Client/Server Protocol"; MariaDB knowledge base, "Clientserver
//! protocol"): pure, what the bytes mean and nothing of where they come from.

pub mod column;
pub mod cursor;
pub mod error;
pub mod greeting;
pub mod packet;
