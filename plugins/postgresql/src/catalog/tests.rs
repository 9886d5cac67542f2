//! Statements from rows as the server sends them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use super::object::{Body, Object};
use super::{columns, tables, views};
use serde_json::{Value, json};

/// A row with these values over those of a plain one.
fn row(mut plain: Value, values: &Value) -> Value {
    for (name, value) in values.as_object().unwrap() {
        plain[name] = value.clone();
    }
    plain
}

fn table(values: &Value) -> tables::Row {
    let plain = json!({
        "oid": 100, "schema": "s", "name": "t", "owner": "o", "kind": "r", "unlogged": false, "partition": false,
        "replica_identity": "d", "detaching": false
    });
    serde_json::from_value(row(plain, values)).unwrap()
}

fn column(values: &Value) -> columns::Row {
    let plain = json!({
        "relation": 100, "number": 1, "name": "a", "type": "integer", "not_null": false, "identity": "",
        "generated": "", "local": true
    });
    serde_json::from_value(row(plain, values)).unwrap()
}

fn made(object: &Object) -> Vec<String> {
    match &object.body {
        Body::Statements(statements) => statements.clone(),
        Body::List(list) => list.statements(|_| false),
        Body::Late { create, .. } => create.clone(),
    }
}

fn create(table: tables::Row, columns: Vec<columns::Row>) -> Vec<String> {
    let mut parts = tables::Parts::default();
    parts.columns.insert(100, columns);
    table.into_objects(&parts).iter().flat_map(made).collect()
}

#[test]
fn a_table_without_columns_still_has_its_parentheses() {
    assert_eq!(create(table(&json!({})), vec![]), ["CREATE TABLE \"s\".\"t\" (\n    \n)"]);
}

#[test]
fn a_generated_column_keeps_its_expression_and_is_not_copied() {
    let generated = column(&json!({"generated": "s", "default_oid": 7, "default_expression": "b * 2"}));
    let mut parts = tables::Parts::default();
    parts.columns.insert(100, vec![generated.clone(), column(&json!({"number": 2, "name": "b"}))]);
    assert_eq!(table(&json!({})).copied_columns(&parts), ["b"]);
    let statements = create(table(&json!({})), vec![generated]);
    assert!(statements[0].contains("\"a\" integer GENERATED ALWAYS AS (b * 2) STORED"), "{statements:?}");
}

#[test]
fn a_partition_is_made_whole_and_then_attached() {
    let parents = json!([{"oid": 1, "schema": "s", "name": "p"}]);
    let partition = table(&json!({"partition": true, "parents": parents, "bound": "FOR VALUES IN (1)"}));
    let inherited = column(&json!({"local": false, "not_null": true}));
    assert_eq!(
        create(partition, vec![inherited]),
        [
            "CREATE TABLE \"s\".\"t\" (\n    \"a\" integer NOT NULL\n)",
            "ALTER TABLE ONLY \"s\".\"p\" ATTACH PARTITION \"s\".\"t\" FOR VALUES IN (1)"
        ]
    );
}

#[test]
fn a_child_says_only_what_it_does_not_get_from_its_parent() {
    let parents = json!([{"oid": 1, "schema": "s", "name": "p"}]);
    let inherited = column(&json!({"local": false, "default_oid": 7, "default_expression": "5"}));
    assert_eq!(
        create(table(&json!({"parents": parents})), vec![inherited]),
        [
            "CREATE TABLE \"s\".\"t\" (\n    \n)\nINHERITS (\"s\".\"p\")",
            "ALTER TABLE ONLY \"s\".\"t\" ALTER COLUMN \"a\" SET DEFAULT 5"
        ]
    );
}

#[test]
fn a_named_not_null_of_18_keeps_its_name_and_an_unproven_one_waits() {
    let named = json!({"not_null": true, "not_null_name": "n", "not_null_local": true, "not_null_validated": true});
    assert!(create(table(&json!({})), vec![column(&named)])[0].contains("\"a\" integer CONSTRAINT \"n\" NOT NULL"));
    let unproven = column(&row(named, &json!({"not_null_validated": false})));
    assert_eq!(unproven.unproven_not_null().unwrap(), "ADD CONSTRAINT \"n\" NOT NULL \"a\" NOT VALID");
    assert!(!create(table(&json!({})), vec![unproven])[0].contains("NOT NULL"));
}

#[test]
fn a_materialized_view_is_made_empty() {
    let view: views::Row = serde_json::from_value(json!({
        "oid": 100, "schema": "s", "name": "v", "owner": "o", "kind": "m", "definition": " SELECT 1 AS a;",
        "options": ["fillfactor=50"], "toast_options": ["autovacuum_enabled=off"], "replica_identity": "f", "populated": true
    }))
    .unwrap();
    assert_eq!(
        made(&view.into_object(&[])),
        [
            "CREATE MATERIALIZED VIEW \"s\".\"v\" WITH (\"fillfactor\"='50', toast.\"autovacuum_enabled\"='off') AS\nSELECT 1 AS a\nWITH NO DATA",
            "ALTER MATERIALIZED VIEW \"s\".\"v\" REPLICA IDENTITY FULL"
        ]
    );
}
