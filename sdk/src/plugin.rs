//! From the traits of [`engine`](crate::engine) to the interfaces of the contract.

use crate::bindings::backup::exports::cofferdam::engine::backup;
use crate::bindings::clone::exports::cofferdam::engine::clone;
use crate::bindings::from_files::exports::cofferdam::engine::from_files;
use crate::bindings::instance::exports::cofferdam::engine::instance;
use crate::bindings::restore::exports::cofferdam::engine::restore;
use crate::bindings::to_files::exports::cofferdam::engine::to_files;
use crate::engine::{
    Backup, BackupOptions, BackupSession, Clone, CloneOptions, Cloned, Complete, Data, Described, Engine, FilesOptions,
    FilesPlan, Finding, Found, FromFiles, InstanceInfo, Layout, Note, Plan, Prepared, Restore, RestoreOptions,
    RestoreSession, Source, Summary, ToFiles, Unit,
};
use crate::{Endpoint, Options, Result, panic};
use std::marker::PhantomData;
use wit_bindgen::{FutureReader, StreamReader};

/// An engine as the host sees it. [`export!`](crate::export) makes it the component.
pub struct Plugin<E>(PhantomData<E>);

/// A backup session as the host sees it.
pub struct BackupAdapter<S>(S);

/// A restore session as the host sees it.
pub struct RestoreAdapter<S>(S);

impl<E: Engine> instance::Guest for Plugin<E> {
    async fn inspect(endpoint: Endpoint) -> Result<InstanceInfo> {
        panic::install();
        E::inspect(&endpoint).await
    }

    async fn check(endpoint: Endpoint, operation: String, options: Options) -> Result<Vec<Finding>> {
        panic::install();
        E::check(&endpoint, operation, options).await
    }

    async fn cleanup(endpoint: Endpoint, operation_id: String) -> Result<Vec<Note>> {
        panic::install();
        E::cleanup(&endpoint, operation_id).await
    }
}

impl<E: Backup> backup::Guest for Plugin<E> {
    type Session = BackupAdapter<E::Session>;
}

impl<S: BackupSession> backup::GuestSession for BackupAdapter<S> {
    async fn lead(source: Endpoint, options: BackupOptions) -> Result<backup::Session> {
        panic::install();
        Ok(backup::Session::new(Self(S::lead(source, options).await?)))
    }

    async fn join(source: Endpoint, options: BackupOptions, token: String) -> Result<backup::Session> {
        panic::install();
        Ok(backup::Session::new(Self(S::join(source, options, token).await?)))
    }

    async fn plan(&self) -> Result<Plan> {
        self.0.plan().await
    }

    async fn joined(&self) -> Result<()> {
        self.0.joined().await
    }

    async fn alive(&self) -> Result<Vec<Note>> {
        self.0.alive().await
    }

    async fn read(&self, unit: Unit) -> Result<(StreamReader<u8>, FutureReader<Result<Summary>>)> {
        Ok(self.0.read(unit).await?.into_parts())
    }

    async fn close(&self) -> Result<Vec<Note>> {
        self.0.close().await
    }
}

impl<E: Restore> restore::Guest for Plugin<E> {
    type Session = RestoreAdapter<E::Session>;
}

impl<S: RestoreSession> restore::GuestSession for RestoreAdapter<S> {
    async fn lead(target: Endpoint, options: RestoreOptions) -> Result<restore::Session> {
        panic::install();
        Ok(restore::Session::new(Self(S::lead(target, options).await?)))
    }

    async fn join(target: Endpoint, options: RestoreOptions, token: String) -> Result<restore::Session> {
        panic::install();
        Ok(restore::Session::new(Self(S::join(target, options, token).await?)))
    }

    async fn check(&self, source: Source) -> Result<Vec<Finding>> {
        self.0.check(source).await
    }

    async fn prepare(&self, source: Source) -> Result<Prepared> {
        self.0.prepare(source).await
    }

    async fn write(&self, unit: Unit, attempt: u32, data: Data, complete: Complete) -> Result<Summary> {
        self.0.write(unit, attempt, data, complete).await
    }

    async fn close(&self) -> Result<()> {
        self.0.close().await
    }

    async fn finish(&self) -> Result<Vec<Note>> {
        self.0.finish().await
    }
}

impl<E: Clone> clone::Guest for Plugin<E> {
    async fn clone(source: Endpoint, target: Endpoint, options: CloneOptions) -> Result<Cloned> {
        panic::install();
        E::clone(&source, &target, options).await
    }
}

impl<E: ToFiles> to_files::Guest for Plugin<E> {
    async fn lay_out(source: Source, options: FilesOptions) -> Result<Layout> {
        panic::install();
        E::lay_out(source, options).await
    }

    async fn convert(
        path: String,
        unit: Unit,
        data: Data,
        complete: Complete,
    ) -> Result<(StreamReader<u8>, FutureReader<Result<Summary>>)> {
        panic::install();
        Ok(<E as ToFiles>::convert(path, unit, data, complete).await?.into_parts())
    }
}

impl<E: FromFiles> from_files::Guest for Plugin<E> {
    async fn describing(files: Vec<Found>) -> Result<Vec<String>> {
        panic::install();
        E::describing(files).await
    }

    async fn recognise(files: Vec<Found>, described: Vec<Described>, options: Options) -> Result<FilesPlan> {
        panic::install();
        E::recognise(files, described, options).await
    }

    async fn convert(
        unit: Unit,
        path: String,
        data: Data,
        complete: Complete,
    ) -> Result<(StreamReader<u8>, FutureReader<Result<Summary>>)> {
        panic::install();
        Ok(<E as FromFiles>::convert(unit, path, data, complete).await?.into_parts())
    }
}
