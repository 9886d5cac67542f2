//! Orders of small databases.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use super::*;
use crate::catalog::object::{List, Member, Part};

const TABLE: Id = Id::new(class::RELATION, 100);
const VIEW: Id = Id::new(class::RELATION, 101);
const RULE: Id = Id::new(class::RULE, 102);
const FUNCTION: Id = Id::new(class::PROC, 103);
const DEFAULT: Id = Id::new(class::DEFAULT, 104);
const KEY: Id = Id::new(class::CONSTRAINT, 105);
const ROW_TYPE: Id = Id::new(class::TYPE, 106);

const fn edge(from: Id, on: Id) -> Edge {
    Edge { class: from.class, oid: from.oid, on_class: on.class, on_oid: on.oid, part: false }
}

const fn alias(part: Id, whole: Id) -> Alias {
    Alias { class: part.class, oid: part.oid, of_class: whole.class, of_oid: whole.oid }
}

fn plain(id: Id, kind: Kind, name: &str) -> Object {
    Object::new(id, kind, name, name, vec![format!("create {name}")])
}

fn table() -> Object {
    let part = Part { id: DEFAULT, kind: Kind::Default, statement: "add default".to_owned() };
    plain(TABLE, Kind::Table, "t").with_body(Body::List(List {
        head_until_17: None,
        head: "create t".to_owned(),
        parentheses: true,
        separator: ",",
        members: vec![Member { text: "c".to_owned(), part: Some((part, " default".to_owned())) }],
        tail: String::new(),
        then: Vec::new(),
    }))
}

fn view() -> Object {
    plain(VIEW, Kind::View, "v").with_body(Body::Late {
        stand_in: vec!["stand-in v".to_owned()],
        create: vec!["create v".to_owned()],
        replace: vec!["replace v".to_owned()],
    })
}

fn statements(entries: &[Entry]) -> Vec<String> {
    entries
        .iter()
        .flat_map(|entry| entry.sql.iter().map(|sql| sql.split_whitespace().collect::<Vec<_>>().join(" ")))
        .collect()
}

#[test]
fn what_is_needed_comes_first_whatever_the_kinds_say() {
    let objects = [plain(FUNCTION, Kind::Function, "f"), table()];
    let edges = [edge(FUNCTION, ROW_TYPE)];
    let ordered = order(&objects, &edges, &[alias(ROW_TYPE, TABLE)], &HashSet::new());
    assert_eq!(statements(&ordered.before_data), ["create t ( c default )", "create f"]);
}

#[test]
fn a_default_that_calls_a_function_on_its_own_table_comes_later() {
    let objects = [plain(FUNCTION, Kind::Function, "f"), table()];
    let edges = [edge(FUNCTION, ROW_TYPE), edge(DEFAULT, FUNCTION)];
    let aliases = [alias(ROW_TYPE, TABLE), alias(DEFAULT, TABLE)];
    let ordered = order(&objects, &edges, &aliases, &HashSet::new());
    assert_eq!(statements(&ordered.before_data), ["create t ( c )", "create f", "add default"]);
}

#[test]
fn a_view_and_a_function_on_its_rows_begin_with_a_stand_in() {
    let objects = [plain(FUNCTION, Kind::Function, "f"), view()];
    let edges = [edge(FUNCTION, ROW_TYPE), edge(RULE, FUNCTION)];
    let aliases = [alias(ROW_TYPE, VIEW), alias(RULE, VIEW)];
    let ordered = order(&objects, &edges, &aliases, &HashSet::new());
    assert_eq!(statements(&ordered.before_data), ["stand-in v", "create f", "replace v"]);
}

#[test]
fn a_view_that_needs_a_primary_key_is_completed_after_the_indexes() {
    let objects = [table(), view(), plain(FUNCTION, Kind::Function, "f")];
    let edges = [edge(RULE, TABLE), edge(RULE, KEY), edge(FUNCTION, ROW_TYPE)];
    let aliases = [alias(RULE, VIEW), alias(ROW_TYPE, VIEW)];
    let ordered = order(&objects, &edges, &aliases, &HashSet::from([KEY]));
    assert_eq!(statements(&ordered.before_data), ["create t ( c default )", "stand-in v", "create f"]);
    assert_eq!(statements(&ordered.after_indexes), ["replace v"]);
}

#[test]
fn kinds_and_names_decide_between_what_is_free() {
    let other = Id::new(class::RELATION, 99);
    let objects = [view(), plain(other, Kind::Table, "b"), plain(TABLE, Kind::Table, "a")];
    let ordered = order(&objects, &[], &[], &HashSet::new());
    assert_eq!(statements(&ordered.before_data), ["create a", "create b", "create v"]);
}
