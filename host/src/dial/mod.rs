//! The one place that opens a socket.
//!
//! Whatever speaks to a server goes through [`connect`], so that a rule about where we may connect needs to be checked
//! at one door only. TLS is added to a connection by [`start_tls`], because most database protocols begin in the clear
//! and switch over.
//!
//! ```no_run
//! # async fn example() -> cofferdam::error::Result<()> {
//! use cofferdam::dial::{self, Address, Target, TlsSettings};
//!
//! let address = Address::Tcp { host: "db.internal".into(), port: 5432 };
//! let target = Target::new(address);
//! let stream = dial::connect(&target).await?;
//! let stream = dial::start_tls(stream, &target.tls, "db.internal").await?;
//! # Ok(())
//! # }
//! ```

mod binding;
mod connect;
mod gathered;
mod stream;
mod target;
mod tls;
mod verify;

pub use connect::connect;
pub use stream::Stream;
pub use target::{Address, DEFAULT_CONNECT_TIMEOUT, Target, TlsMode, TlsSettings};
pub use tls::start_tls;
