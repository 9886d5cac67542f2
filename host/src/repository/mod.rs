//! The repository: where backups are kept, as content-addressed, sealed chunks under signed manifests.
//!
//! Knows nothing of plugins, sandboxes or operations: streams of bytes go in, a manifest goes in last, and streams of
//! bytes come out. `docs/repository.md` describes what is stored so that it can be read without this code.
//!
//! ```no_run
//! # use cofferdam::repository::{Access, Location, Manifest, Repository};
//! # async fn example(manifest: Manifest, writer_key: String) -> cofferdam::error::Result<()> {
//! let location = Location::parse("file:///var/backups/cofferdam")?;
//! let repository = Repository::open(&location, None, Access::Writer(writer_key.into())).await?;
//! let writer = repository.writer("op-20260101").await?;
//! let mut stream = writer.stream()?;
//! stream.write("1\tred\n".into(), &[]).await?;
//! let record = stream.finish().await?;
//! let id = writer.commit(Manifest { streams: vec![record], ..manifest }).await?;
//! println!("backup {id}");
//! # Ok(())
//! # }
//! ```

mod access;
mod admin;
mod aead;
mod boundaries;
mod buffers;
mod candidates;
mod check;
mod chunk;
mod commit;
mod config;
mod cutter;
mod derive;
mod encoding;
mod fetch;
mod forget;
mod freshness;
#[cfg(any(fuzzing, test))]
pub mod fuzzing;
mod keyfile;
mod keyring;
mod layout;
mod lease;
mod list;
mod location;
mod manifest;
mod open;
mod pipeline;
mod plugins;
pub(crate) mod printed;
mod prune;
mod reader;
mod retention;
mod sealed_manifest;
mod spent;
mod store;
mod stream;
mod symmetric;
#[cfg(test)]
mod tests;
mod unit_reader;
mod writer;
mod writers;

pub use access::Access;
pub use admin::KeyInfo;
pub use boundaries::Boundaries;
pub use check::{CheckOptions, CheckProgress, Problem, Report};
pub use chunk::ChunkId;
pub use config::{Chunking, Pin};
pub use forget::Forgotten;
pub use freshness::{Freshness, Standing, standings};
pub use list::{Listing, Unreadable};
pub use location::Location;
pub use manifest::{BackupId, ChunkRef, Manifest, NoteRecord, PluginRecord, StreamRecord, TallyRecord, UnitRecord};
pub use open::{Init, InitOptions, Repository};
pub use prune::{PruneOptions, Pruned};
pub use reader::BackupReader;
pub use retention::{Kind, Retention, Verdict};
pub use spent::Spent;
pub use stream::{EndedStream, StreamWriter};
pub use unit_reader::UnitReader;
pub use writer::BackupWriter;
