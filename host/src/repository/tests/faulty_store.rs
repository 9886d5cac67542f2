//! A store that fails and lies on demand.

use std::fmt;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMultipartOptions,
    PutOptions, PutPayload, PutResult, Result,
};

/// What goes wrong with a put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is refused: the disk is full.
    Full,
    /// It is done and then reported as failed.
    DoneButFailed,
    /// It is reported as done and isn't.
    Lost,
    /// Half of it is stored and reported as done.
    Half,
    /// It hangs until the store is released.
    Stuck,
}

/// A local store whose puts below `prefix` go wrong.
#[derive(Debug)]
pub struct FaultyStore {
    inner: LocalFileSystem,
    fault: Mutex<Option<(&'static str, Fault)>>,
    released: tokio::sync::Notify,
}

impl FaultyStore {
    pub fn new(folder: &std::path::Path) -> Arc<Self> {
        let inner = LocalFileSystem::new_with_prefix(folder).unwrap();
        Arc::new(Self { inner, fault: Mutex::default(), released: tokio::sync::Notify::new() })
    }

    pub fn set(&self, fault: Option<(&'static str, Fault)>) {
        *self.fault.lock().unwrap() = fault;
    }

    /// Lets puts that are stuck fail, now and from now on.
    pub fn release(&self) {
        self.set(None);
        self.released.notify_waiters();
    }
}

impl fmt::Display for FaultyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FaultyStore")
    }
}

fn failed(kind: std::io::ErrorKind) -> object_store::Error {
    object_store::Error::Generic { store: "FaultyStore", source: Box::new(std::io::Error::from(kind)) }
}

#[async_trait]
impl ObjectStore for FaultyStore {
    async fn put_opts(&self, at: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        let fault = *self.fault.lock().unwrap();
        let fault = fault.filter(|(prefix, _)| at.as_ref().starts_with(prefix)).map(|(_, fault)| fault);
        let done = PutResult { e_tag: None, version: None, extensions: Default::default() };
        match fault {
            None => self.inner.put_opts(at, payload, options).await,
            Some(Fault::Full) => Err(failed(std::io::ErrorKind::StorageFull)),
            Some(Fault::DoneButFailed) => {
                self.inner.put_opts(at, payload, options).await?;
                Err(failed(std::io::ErrorKind::ConnectionReset))
            }
            Some(Fault::Lost) => Ok(done),
            Some(Fault::Stuck) => {
                self.released.notified().await;
                Err(failed(std::io::ErrorKind::TimedOut))
            }
            Some(Fault::Half) => {
                let content = Bytes::from(payload);
                self.inner.put_opts(at, content.slice(..content.len() / 2).into(), options).await
            }
        }
    }

    async fn put_multipart_opts(&self, at: &Path, options: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(at, options).await
    }

    async fn get_opts(&self, at: &Path, options: GetOptions) -> Result<GetResult> {
        self.inner.get_opts(at, options).await
    }

    fn delete_stream(&self, paths: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(paths)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}
