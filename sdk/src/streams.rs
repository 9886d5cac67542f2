//! Streams and futures, as the contract passes them: the component model's in a component, and natively the fakes.

#[cfg(not(target_family = "wasm"))]
pub use crate::native::run::spawn_local;
#[cfg(not(target_family = "wasm"))]
pub use crate::native::stream::{FutureReader, StreamReader, StreamResult, StreamWriter, future, stream};
#[cfg(target_family = "wasm")]
pub use component::{completion, future, stream};
#[cfg(target_family = "wasm")]
pub use wit_bindgen::{FutureReader, StreamReader, StreamResult, StreamWriter, spawn_local};

/// The two ends of what is said of a stream that goes to a service: that it is whole, or why it isn't.
#[cfg(not(target_family = "wasm"))]
pub fn completion() -> (crate::native::stream::FutureWriter<crate::Result<()>>, FutureReader<crate::Result<()>>) {
    future(|| Err(crate::Error::internal("the stream ended without a word")))
}

#[cfg(target_family = "wasm")]
mod component {
    use crate::bindings::backup::{wit_future, wit_stream};
    use crate::bindings::services;
    use crate::engine::Summary;
    use crate::{Error, Result};
    use wit_bindgen::{FutureReader, FutureWriter, StreamReader, StreamWriter};

    /// A stream's two ends.
    pub fn stream() -> (StreamWriter<u8>, StreamReader<u8>) {
        wit_stream::new()
    }

    /// The two ends of what is said of a unit; what `default` makes is said if nothing else is.
    pub fn future(
        default: fn() -> Result<Summary, Error>,
    ) -> (FutureWriter<Result<Summary>>, FutureReader<Result<Summary>>) {
        wit_future::new(default)
    }

    /// The two ends of what is said of a stream that goes to a service: that it is whole, or why it isn't.
    pub fn completion() -> (FutureWriter<Result<()>>, FutureReader<Result<()>>) {
        services::wit_future::new(|| Err(Error::internal("the stream ended without a word")))
    }
}
