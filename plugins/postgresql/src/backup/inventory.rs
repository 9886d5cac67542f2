//! Everything that the catalogue says of a database, read once under the snapshot.

use crate::catalog::definitions::Definitions;
use crate::catalog::rows::Catalogue;
use crate::catalog::{
    checks, columns, comments, configuration_tables, database, default_privileges, extensions, foreign_keys, functions,
    indexes, large_objects, left_out, privileges, schemas, security_labels, sequences, tables, types, views,
};
use crate::order::{self, Alias, Edge};
use cofferdam_sdk::Result;

/// Rows of all kinds.
pub struct Inventory {
    pub schemas: Vec<schemas::Row>,
    pub extensions: Vec<extensions::Row>,
    pub types: Vec<types::Row>,
    pub functions: Vec<functions::Row>,
    pub sequences: Vec<sequences::Row>,
    pub tables: Vec<tables::Row>,
    pub columns: Vec<columns::Row>,
    pub checks: Vec<checks::Row>,
    pub views: Vec<views::Row>,
    pub indexes: Vec<indexes::Row>,
    pub foreign_keys: Vec<foreign_keys::Row>,
    pub definitions: Definitions,
    pub comments: Vec<comments::Row>,
    pub privileges: Vec<privileges::Row>,
    pub default_privileges: Vec<default_privileges::Row>,
    pub security_labels: Vec<security_labels::Row>,
    pub database: Vec<database::Row>,
    pub left_out: Vec<left_out::Row>,
    pub configuration_tables: Vec<configuration_tables::Row>,
    pub large_objects: Vec<large_objects::Range>,
    pub large_object_count: Vec<large_objects::Count>,
    pub edges: Vec<Edge>,
    pub aliases: Vec<Alias>,
}

impl Inventory {
    /// Reads all of it.
    pub async fn read(catalogue: Catalogue<'_>) -> Result<Self> {
        Ok(Self {
            schemas: catalogue.rows(schemas::QUERY).await?,
            extensions: catalogue.rows(extensions::QUERY).await?,
            types: catalogue.rows(types::QUERY).await?,
            functions: catalogue.rows(functions::QUERY).await?,
            sequences: catalogue.rows(sequences::QUERY).await?,
            tables: catalogue.rows(tables::QUERY).await?,
            columns: catalogue.rows(columns::QUERY).await?,
            checks: catalogue.rows(checks::QUERY).await?,
            views: catalogue.rows(views::QUERY).await?,
            indexes: catalogue.rows(indexes::QUERY).await?,
            foreign_keys: catalogue.rows(foreign_keys::QUERY).await?,
            definitions: Definitions::read(catalogue).await?,
            comments: catalogue.rows(comments::QUERY).await?,
            privileges: catalogue.rows(privileges::QUERY).await?,
            default_privileges: catalogue.rows(default_privileges::QUERY).await?,
            security_labels: catalogue.rows(security_labels::QUERY).await?,
            database: catalogue.rows(database::QUERY).await?,
            left_out: catalogue.rows(left_out::QUERY).await?,
            configuration_tables: catalogue.rows(configuration_tables::QUERY).await?,
            large_objects: catalogue.rows(large_objects::RANGES).await?,
            large_object_count: catalogue.rows(large_objects::COUNT).await?,
            edges: catalogue.rows(order::EDGES).await?,
            aliases: catalogue.rows(order::ALIASES).await?,
        })
    }
}
