//! The double of MongoDB, driven by clients that aren't ours before Cofferdam meets it: pymongo and the official driver
//! for Rust.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use std::time::Duration;

use cofferdam_tests::doubles::mongodb::{Mongodb, Options, User};
use cofferdam_tests::pymongo;

fn server() -> Mongodb {
    let user = User { name: "backup".into(), password: "not easily guessed".into() };
    Mongodb::start(Options { user: Some(user), ..Options::default() }).unwrap()
}

/// Runs one function of `pymongo_checks.py` on a server of its own.
fn check(name: &str) {
    pymongo::run("doubles/mongodb/pymongo_checks.py", &[&server().full_url(), name]).unwrap();
}

#[test]
fn clients_log_in_and_unknown_commands_and_fields_are_refused() {
    check("login");
}

#[test]
fn messages_are_compressed() {
    check("compression");
}

#[test]
fn documents_of_all_types_come_back_byte_for_byte() {
    check("bytes_stay");
}

#[test]
fn the_server_completes_inserted_documents() {
    check("server_completes_documents");
}

#[test]
fn ids_of_several_types_have_one_order_and_bounds_in_it() {
    check("mixed_ids_have_one_order");
}

#[test]
fn cursors_give_batches_and_time_out() {
    check("cursors");
}

#[test]
fn snapshots_see_one_moment_until_they_are_too_old() {
    check("snapshots");
}

#[test]
fn a_collection_with_encrypted_fields_keeps_its_name() {
    check("encrypted_fields");
}

#[test]
fn a_collection_may_be_given_its_uuid() {
    check("collections_with_a_given_uuid");
}

#[test]
fn batches_report_each_failed_write_and_keep_the_limits() {
    check("batches");
}

#[test]
fn an_interrupted_write_is_sent_again_and_done_once() {
    check("an_interrupted_write_is_sent_again_and_done_once");
}

#[test]
fn a_stepped_down_primary_refuses_writes_for_a_while() {
    check("a_stepped_down_primary_refuses_writes_for_a_while");
}

#[test]
fn collections_views_and_indexes_are_as_they_were_made() {
    check("objects");
}

#[test]
fn users_and_roles_come_and_go_with_their_credentials() {
    check("users");
}

#[test]
fn the_oplog_is_followed() {
    check("the_oplog_is_followed");
}

#[test]
fn change_streams_show_what_becomes_of_documents_and_collections() {
    check("change_streams");
}

#[test]
fn a_change_stream_goes_on_behind_a_token_unless_the_history_is_lost() {
    let oplog_bytes = 20_000;
    let server = Mongodb::start(Options { oplog_bytes, noop_every: Duration::from_millis(200), ..Options::default() });
    pymongo::run("doubles/mongodb/pymongo_checks.py", &[&server.unwrap().full_url(), "resumed_change_streams"])
        .unwrap();
}

#[test]
fn expired_documents_go() {
    check("expired_documents_go");
}

#[test]
fn pipelines_run() {
    check("pipelines");
}
