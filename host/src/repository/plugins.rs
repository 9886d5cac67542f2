//! The components that made backups, kept beside them so that a bare machine can restore.

use bytes::Bytes;

use crate::error::{Error, Result};
use crate::repository::layout;
use crate::repository::open::Repository;

/// The largest component that is read.
const LIMIT: u64 = 256 << 20;

impl Repository {
    /// The component with the BLAKE3 `digest`, 64 hexadecimal digits. The digest of a signed manifest vouches for it.
    ///
    /// # Errors
    /// "not-found", or "corrupt" if the object isn't what its name says.
    pub async fn plugin(&self, digest: &str) -> Result<Bytes> {
        let name = name(digest)?;
        let bytes = self.inner.store.get(&name, LIMIT).await?;
        if blake3::hash(&bytes).to_hex().as_str() != digest {
            return Err(Error::corrupt(format!("{} was changed", self.inner.store.object(&name)))
                .with_hint("the next backup made with this plugin stores it anew"));
        }
        Ok(bytes)
    }

    pub(super) async fn store_plugin(&self, digest: &str, bytes: Bytes) -> Result<()> {
        if blake3::hash(&bytes).to_hex().as_str() != digest {
            return Err(Error::internal(format!("a plugin's digest isn't {digest}")));
        }
        match self.plugin(digest).await {
            Ok(_) => Ok(()),
            Err(e) if e.is_not_found() || e.code() == "corrupt" => self.inner.store.put(&name(digest)?, bytes).await,
            Err(e) => Err(e),
        }
    }
}

fn name(digest: &str) -> Result<String> {
    if digest.len() == 64 && digest.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
        return Ok(layout::object(layout::PLUGINS, digest));
    }
    Err(Error::invalid_options(format!("{digest:?} is no plugin's digest")).with_hint("it has 64 hexadecimal digits"))
}
