//! What a restore makes, written down in the target itself before it is made: for the end of the restore, and for cleaning
//! up after one that had none.

use crate::bson::{self, Builder, Document};
use crate::catalog::Collection;
use crate::definition;
use crate::namespace;
use crate::server::Server;
use cofferdam_sdk::{Error, Result};

/// The journal of an operation in one database.
pub struct Journal<'a> {
    server: &'a Server,
    database: &'a str,
    name: String,
}

impl<'a> Journal<'a> {
    /// That of this operation.
    pub fn new(server: &'a Server, database: &'a str, operation_id: &str) -> Self {
        Self { server, database, name: namespace::journal(operation_id) }
    }

    /// Makes it.
    pub async fn create(&self) -> Result<()> {
        self.server.change(self.database, Builder::new().text("create", &self.name)).await.map(drop)
    }

    /// Writes down what makes a collection. What an attempt before has written stays.
    pub async fn write(&self, collection: &Collection) -> Result<()> {
        let entry = definition::entry(collection).ok_or_else(|| Error::internal("it comes with another collection"))?;
        let document = Builder::new().text("_id", &collection.name).binary("entry", &entry).finish();
        self.server.insert(self.database, &self.name, &document).await
    }

    /// Its entries.
    pub async fn read(&self) -> Result<Vec<Collection>> {
        self.find(Builder::new()).await
    }

    /// One of its entries.
    pub async fn entry(&self, collection: &str) -> Result<Collection> {
        let entry = self.find(Builder::new().text("_id", collection)).await?.into_iter().next();
        entry.ok_or_else(|| Error::corrupt(format!("the restore has no collection {collection}")))
    }

    async fn find(&self, filter: Builder) -> Result<Vec<Collection>> {
        let find = Builder::new().text("find", &self.name).document("filter", &filter.finish());
        let entry = |document: &Document| {
            let entry = bson::get(document, "entry").and_then(|entry| entry.binary());
            definition::collection(entry.ok_or_else(|| Error::corrupt("the journal of the restore can't be read"))?)
        };
        self.server.documents(self.database, find).await?.iter().map(entry).collect()
    }

    /// Takes it away.
    pub async fn drop(&self) -> Result<()> {
        self.server.drop(self.database, &self.name).await
    }
}
