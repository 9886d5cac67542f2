//! Engines tested without a sandbox: natively, in milliseconds, with fakes where the host's services are.
//!
//! On every target but WebAssembly the SDK's [`Endpoint`](crate::Endpoint), [`tcp`](crate::tcp), [`postgres`](crate::postgres),
//! [`mongodb`](crate::mongodb), [`time`](crate::time), [`random`](crate::random) and [`report`](crate::report) are fakes with
//! the same names and signatures, so that an engine's code needs nothing of its own for a test. An [`Instance`] is what the
//! operator would have configured, with a server that the test writes; [`run`] runs the test; [`back_up`] and [`put_back`] do
//! with an engine what the host does, and refuse the same lies about counts.
//!
//! ```
//! use cofferdam_sdk::tcp::{Buffered, Connection};
//! use cofferdam_sdk::testing::{self, Instance};
//!
//! testing::run(async {
//!     let instance = Instance::new().password("hunter2").tcp(|peer| async move {
//!         while let Some(line) = peer.until(b'\n').await {
//!             peer.write(&line);
//!         }
//!     });
//!     let mut wire = Buffered::new(Connection::connect(&instance.endpoint()).await.unwrap());
//!     wire.connection().write(b"PING\n".to_vec()).await.unwrap();
//!     assert_eq!(wire.until(b'\n', 100).await.unwrap(), b"PING\n");
//! });
//! ```
//!
//! Time is the test's too: a `sleep` of an hour passes at once, as soon as nothing else can be done. A test in which
//! everything waits for ever fails and says so.

pub use crate::native::instance::Instance;
pub use crate::native::mongodb::Request;
pub use crate::native::moved::{OPERATION, Taken, TakenUnit, back_up, put_back, source, write};
pub use crate::native::pipe::Peer;
pub use crate::native::postgres::{Answer, Statement};
pub use crate::native::run::{Reported, reported, run};
pub use crate::native::stream::{FutureWriter, StreamWriter, future, stream};
pub use crate::native::tcp::answer;
