//! A native client for PostgreSQL's wire protocol, made for moving whole tables.
//!
//! It speaks the simple query protocol only, and does so itself: `tokio-postgres` takes only UTF-8 SQL and panics or
//! fails on servers with another encoding, ends COPY's stream before the server has confirmed the command, and holds
//! every message in memory as a whole, so that one value of 1 GB costs 1 GB. Messages and authentication are
//! `postgres-protocol`'s.
//!
//! ```no_run
//! # async fn example() -> cofferdam::error::Result<()> {
//! use cofferdam::dial::{Address, Target};
//! use cofferdam::services::postgres::client::{Client, Parameters};
//! use tokio_util::sync::CancellationToken;
//! use tokio_util::task::TaskTracker;
//!
//! let target = Target::new(Address::Tcp { host: "localhost".into(), port: 5432 });
//! let parameters = Parameters { user: "backup".into(), ..Parameters::default() };
//! let client = Client::connect(&target, &parameters, &CancellationToken::new(), &TaskTracker::new()).await?;
//! let mut copy = client.copy_out("COPY orders TO STDOUT".into()).await?;
//! while let Some(piece) = copy.data.recv().await {
//!     println!("{} bytes", piece.len());
//! }
//! println!("{} rows", copy.done.await?);
//! # Ok(())
//! # }
//! ```
//!
//! One task owns the connection ([`session`]); it writes requests as they come and reads their answers in order.

mod answer;
mod auth;
mod cancel;
mod close;
mod connect;
mod copy_in;
mod copy_out;
mod ending;
mod execute;
mod frames;
#[cfg(any(fuzzing, test))]
pub mod fuzzing;
mod parameters;
mod query;
mod reader;
mod request;
mod server_error;
mod session;
#[cfg(test)]
mod tests;
mod url;
mod writer;

pub use copy_in::CopyIn;
pub use copy_out::CopyOut;
pub use execute::Outcome;
pub use parameters::Parameters;
pub use query::{QUERY_LIMIT, Row};
pub use request::Client;
pub use url::{Location, parse_url};
