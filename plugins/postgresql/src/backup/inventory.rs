//! Everything that the catalogue says of a database, read once under the snapshot.

use crate::catalog::definitions::Definitions;
use crate::catalog::rows::Catalogue;
use crate::catalog::{
    checks, columns, comments, configuration_tables, database, default_privileges, extension_dependencies, extensions,
    foreign_keys, functions, indexes, large_objects, left_out, privileges, schemas, security_labels, sequences, tables,
    types, views,
};
use crate::order::{self, Alias, Edge};
use cofferdam_sdk::Result;
use futures::try_join;

/// Rows of all kinds.
pub struct Inventory {
    pub schemas: Vec<schemas::Row>,
    pub extensions: Vec<extensions::Row>,
    pub extension_dependencies: Vec<extension_dependencies::Row>,
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
    /// Reads all of it. `free` may be another session with the same snapshot, which has no table locked: it gets what needs
    /// none, as one that waits for a lock behind somebody who waits for the leader would wait for ever. Sequences and comments
    /// need none either, but then the leader would be done long before.
    pub async fn read(catalogue: Catalogue<'_>, free: Catalogue<'_>) -> Result<Self> {
        let tables = async {
            try_join!(
                catalogue.rows(types::QUERY),
                catalogue.rows(functions::QUERY),
                catalogue.rows(tables::QUERY),
                catalogue.rows(columns::QUERY),
                catalogue.rows(checks::QUERY),
                catalogue.rows(views::QUERY),
                catalogue.rows(indexes::QUERY),
                catalogue.rows(foreign_keys::QUERY),
                catalogue.rows(left_out::QUERY),
                catalogue.rows(configuration_tables::QUERY),
                catalogue.rows(large_objects::RANGES),
                catalogue.rows(sequences::QUERY),
                catalogue.rows(comments::QUERY),
            )
        };
        let others = async {
            try_join!(
                free.rows(schemas::QUERY),
                free.rows(extensions::QUERY),
                free.rows(extension_dependencies::QUERY),
                free.rows(privileges::QUERY),
                free.rows(default_privileges::QUERY),
                free.rows(security_labels::QUERY),
                free.rows(database::QUERY),
                free.rows(large_objects::COUNT),
                free.rows(order::EDGES),
                free.rows(order::ALIASES),
            )
        };
        let (tables, definitions, others) = try_join!(tables, Definitions::read(catalogue, free), others)?;
        let (
            types,
            functions,
            tables,
            columns,
            checks,
            views,
            indexes,
            foreign_keys,
            left_out,
            configured,
            ranges,
            sequences,
            comments,
        ) = tables;
        let (schemas, extensions, depending, privileges, defaults, labels, database, count, edges, aliases) = others;
        Ok(Self {
            schemas,
            extensions,
            extension_dependencies: depending,
            types,
            functions,
            sequences,
            tables,
            columns,
            checks,
            views,
            indexes,
            foreign_keys,
            definitions,
            comments,
            privileges,
            default_privileges: defaults,
            security_labels: labels,
            database,
            left_out,
            configuration_tables: configured,
            large_objects: ranges,
            large_object_count: count,
            edges,
            aliases,
        })
    }
}
