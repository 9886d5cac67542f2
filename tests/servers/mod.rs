//! Servers for the tests: each is private to the test that starts it, listens on a free port of 127.0.0.1, and is gone
//! with its data when it goes out of scope or its process dies.

pub mod https;
mod installation;
mod launch;
mod mariadb;
mod mongoeco;
mod options;
mod pgbouncer;
mod postgresql;
mod redis;
mod supervisor;
mod tls;
mod toy;
mod unprivileged;

pub use installation::{Major, target_folder};
pub use mariadb::Mariadb;
pub use mongoeco::{Mongoeco, python};
pub use options::{Authentication, Options};
pub use pgbouncer::Pgbouncer;
pub use postgresql::{Postgresql, SUPERUSER};
pub use redis::Redis;
pub use toy::Toy;
