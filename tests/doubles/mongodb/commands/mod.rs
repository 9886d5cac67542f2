//! Commands: which there are, what they take, and what every reply has.

mod aggregate;
mod apply;
mod catalogue;
mod connection;
mod cursor;
mod diagnose;
mod index;
mod list;
mod login;
mod out;
mod read;
mod replica;
mod stream;
mod user;
mod write;

use bson::{Bson, doc};

use super::Kind;
use super::bson::Writer;
use super::failure::{
    COMMAND_NOT_FOUND, Failure, ILLEGAL_OPERATION, INVALID_OPTIONS, NOT_A_REPLICA_SET, NOT_WRITABLE_PRIMARY, Result,
    UNAUTHORIZED, UNKNOWN_FIELD, is_retryable,
};
use super::request::Request;
use super::store::{Store, Time};

pub use connection::Connection;
pub use login::credentials;

type Run = fn(&mut Store, &mut Connection, &Request) -> Result<Writer>;

/// A command.
struct Command {
    names: &'static [&'static str],
    run: Run,
    needs: Needs,
    /// The fields that it takes; a server refuses others. Empty where it takes whatever comes.
    fields: &'static [&'static str],
}

/// What has to be so before a command runs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Needs {
    /// Nothing: clients that haven't logged in may send it.
    Nothing,
    /// A login.
    Login,
    /// A login, and `readConcern: { level: "snapshot" }` is allowed (MongoDB manual, "Read Concern "snapshot"": find,
    /// aggregate, distinct).
    Snapshot,
    /// A login, and that this is the primary.
    Primary,
    /// The same, on the database `admin`.
    Admin,
}

const fn command(names: &'static [&'static str], needs: Needs, run: Run, fields: &'static [&'static str]) -> Command {
    Command { names, run, needs, fields }
}

const ANY: &[&str] = &[];
const NONE: &[&str] = &[""];

const COMMANDS: &[Command] = &[
    command(&["hello", "isMaster", "ismaster"], Needs::Nothing, connection::hello, ANY),
    command(&["ping"], Needs::Nothing, connection::ping, NONE),
    command(&["saslStart"], Needs::Nothing, login::start, &["mechanism", "payload", "options", "autoAuthorize"]),
    command(&["saslContinue"], Needs::Nothing, login::proceed, &["conversationId", "payload"]),
    command(&["buildInfo", "buildinfo"], Needs::Nothing, diagnose::build_info, NONE),
    command(&["connectionStatus"], Needs::Nothing, connection::status, &["showPrivileges"]),
    command(&["endSessions"], Needs::Nothing, connection::end_sessions, NONE),
    command(&["killSessions"], Needs::Login, connection::end_sessions, NONE),
    command(&["startSession"], Needs::Login, connection::start_session, NONE),
    command(&["refreshSessions"], Needs::Login, connection::ping, NONE),
    command(&["getParameter"], Needs::Login, diagnose::get_parameter, ANY),
    command(&["setParameter"], Needs::Login, diagnose::set_parameter, ANY),
    command(&["serverStatus"], Needs::Login, diagnose::server_status, ANY),
    command(&["dbStats", "dbstats"], Needs::Login, diagnose::database_statistics, &["scale", "freeStorage"]),
    command(&["collStats", "collstats"], Needs::Login, diagnose::collection_statistics, &["scale"]),
    command(&["replSetGetStatus"], Needs::Login, replica::status, NONE),
    command(&["replSetStepDown"], Needs::Admin, replica::step_down, &["secondaryCatchUpPeriodSecs", "force"]),
    command(&["listDatabases"], Needs::Login, list::databases, &["filter", "nameOnly", "authorizedDatabases"]),
    command(
        &["listCollections"],
        Needs::Login,
        list::collections,
        &["filter", "nameOnly", "authorizedCollections", "cursor"],
    ),
    command(&["listIndexes"], Needs::Login, list::indexes, &["cursor"]),
    command(
        &["find"],
        Needs::Snapshot,
        read::find,
        &[
            "filter",
            "sort",
            "projection",
            "hint",
            "skip",
            "limit",
            "batchSize",
            "singleBatch",
            "min",
            "max",
            "tailable",
            "awaitData",
            "noCursorTimeout",
            "allowDiskUse",
            "allowPartialResults",
            "returnKey",
            "showRecordId",
        ],
    ),
    command(&["getMore"], Needs::Login, cursor::more, &["collection", "batchSize"]),
    command(&["killCursors"], Needs::Login, cursor::kill, &["cursors"]),
    command(&["count"], Needs::Login, read::count, &["query", "limit", "skip", "hint"]),
    command(
        &["aggregate"],
        Needs::Snapshot,
        aggregate::aggregate,
        &["pipeline", "cursor", "allowDiskUse", "hint", "bypassDocumentValidation", "let"],
    ),
    command(
        &["insert"],
        Needs::Primary,
        write::insert,
        &["documents", "ordered", "bypassDocumentValidation", "bypassEmptyTsReplacement", "stmtIds"],
    ),
    command(&["update"], Needs::Primary, write::update, &["updates", "ordered", "bypassDocumentValidation", "stmtIds"]),
    command(&["delete"], Needs::Primary, write::delete, &["deletes", "ordered", "stmtIds"]),
    command(&["create"], Needs::Primary, catalogue::create, ANY),
    command(&["applyOps"], Needs::Admin, apply::apply, &["allowAtomic", "alwaysUpsert", "preCondition"]),
    command(&["drop"], Needs::Primary, catalogue::drop, NONE),
    command(&["dropDatabase"], Needs::Primary, catalogue::drop_database, NONE),
    command(&["renameCollection"], Needs::Admin, catalogue::rename, &["to", "dropTarget"]),
    command(&["collMod"], Needs::Primary, catalogue::modify, ANY),
    command(&["createIndexes"], Needs::Primary, index::create, &["indexes", "commitQuorum"]),
    command(&["dropIndexes"], Needs::Primary, index::drop, &["index"]),
    command(
        &["createUser"],
        Needs::Primary,
        user::create_user,
        &["pwd", "roles", "customData", "mechanisms", "digestPassword", "authenticationRestrictions"],
    ),
    command(&["dropUser"], Needs::Primary, user::drop_user, NONE),
    command(
        &["usersInfo"],
        Needs::Login,
        user::users,
        &["showCredentials", "showCustomData", "showPrivileges", "showAuthenticationRestrictions", "filter"],
    ),
    command(&["createRole"], Needs::Primary, user::create_role, &["privileges", "roles", "authenticationRestrictions"]),
    command(&["dropRole"], Needs::Primary, user::drop_role, NONE),
    command(
        &["rolesInfo"],
        Needs::Login,
        user::roles,
        &["showPrivileges", "showBuiltinRoles", "showAuthenticationRestrictions"],
    ),
    command(
        &["_mergeAuthzCollections"],
        Needs::Admin,
        user::merge,
        &["tempUsersCollection", "tempRolesCollection", "db", "drop"],
    ),
];

/// Carries a command out and gives the whole reply, an error's, too.
pub fn run(store: &mut Store, connection: &mut Connection, request: &Request) -> Vec<u8> {
    let mut reply = match check(store, connection, request).and_then(|run| run(store, connection, request)) {
        Ok(mut reply) => {
            reply.value("ok", 1.0);
            reply
        }
        Err(failure) => fail(request, failure),
    };
    time(store, &mut reply);
    reply.finish()
}

/// The reply of a command that fails; what may be sent again is labelled, where it was sent as retryable.
pub fn fail(request: &Request, mut failure: Failure) -> Writer {
    if request.body.contains_key("txnNumber") && is_retryable(failure.code) && failure.labels.is_empty() {
        failure.labels.push("RetryableWriteError".into());
    }
    let mut reply = Writer::default();
    reply.fields(&failure.reply());
    reply
}

/// What every reply of a replica set says (driver specification "Driver Sessions", "Gossipping the cluster time").
pub fn time(store: &Store, reply: &mut Writer) {
    if store.kind == Kind::ReplicaSet {
        let now = store.clock.now().timestamp();
        let signature = doc! { "hash": bson::Binary { subtype: bson::spec::BinarySubtype::Generic, bytes: vec![0; 20] }, "keyId": 0_i64 };
        reply.value("operationTime", now);
        reply.value("$clusterTime", doc! { "clusterTime": now, "signature": signature });
    }
}

fn check(store: &Store, connection: &Connection, request: &Request) -> Result<Run> {
    let command = COMMANDS.iter().find(|command| command.names.contains(&request.name.as_str()));
    let known = command.filter(|_| !store.quirks.lacks.contains(&request.name.as_str()));
    let code = store.quirks.unknown_code.unwrap_or(COMMAND_NOT_FOUND);
    let command = known.ok_or_else(|| Failure::new(code, format!("no such command: '{}'", request.name)))?;
    if command.needs != Needs::Nothing && connection.must_log_in() {
        let message = format!("Command {} requires authentication", request.name);
        return Err(Failure::new(UNAUTHORIZED, message));
    }
    if let Some(field) = request.fields().find(|field| !command.fields.is_empty() && !command.fields.contains(field)) {
        let message = format!("BSON field '{}.{field}' is an unknown field.", request.name);
        return Err(Failure::new(UNKNOWN_FIELD, message));
    }
    let asked = request.namespace().unwrap_or_else(|_| format!("{}.$cmd.{}", request.database, request.name));
    if store.quirks.hides.iter().any(|hidden| asked.starts_with(hidden)) {
        let message = format!("not authorized on {} to execute command", request.database);
        return Err(Failure::new(UNAUTHORIZED, message));
    }
    if command.needs == Needs::Admin && request.database != "admin" {
        let message = format!("{} may only be run against the admin database.", request.name);
        return Err(Failure::new(UNAUTHORIZED, message));
    }
    if matches!(command.needs, Needs::Primary | Needs::Admin) && !store.is_primary() {
        return Err(Failure::new(NOT_WRITABLE_PRIMARY, "not primary"));
    }
    check_transaction(store, request)?;
    check_read_concern(store, command, request)?;
    Ok(command.run)
}

/// Retryable writes need a replica set and a session (driver specification "Retryable Writes").
fn check_transaction(store: &Store, request: &Request) -> Result<()> {
    if request.body.contains_key("startTransaction") || request.body.contains_key("autocommit") {
        return Err(Failure::not_modelled("transactions"));
    }
    if request.body.contains_key("txnNumber") {
        if store.kind == Kind::Standalone {
            let message = "Transaction numbers are only allowed on a replica set member or mongos";
            return Err(Failure::new(ILLEGAL_OPERATION, message));
        }
        if request.session().is_none() {
            return Err(Failure::new(INVALID_OPTIONS, "Transaction number requires a session ID to also be specified"));
        }
    }
    Ok(())
}

fn check_read_concern(store: &Store, command: &Command, request: &Request) -> Result<()> {
    let concern = request.document("readConcern")?;
    let level = concern.get_str("level").unwrap_or("local");
    if let Some(unknown) = concern
        .keys()
        .find(|name| !["level", "atClusterTime", "afterClusterTime", "provenance"].contains(&name.as_str()))
    {
        return Err(Failure::new(UNKNOWN_FIELD, format!("BSON field 'readConcern.{unknown}' is an unknown field.")));
    }
    if concern.contains_key("atClusterTime") && level != "snapshot" {
        let message = "readConcern.atClusterTime is only allowed with level snapshot";
        return Err(Failure::new(INVALID_OPTIONS, message));
    }
    let after = concern.get_timestamp("afterClusterTime").map(Time::of);
    if after.is_ok_and(|after| after > store.clock.wall()) {
        let message = "readConcern afterClusterTime value must not be greater than the current clusterTime";
        return Err(Failure::new(INVALID_OPTIONS, message));
    }
    match level {
        "local" | "available" | "majority" | "linearizable" => Ok(()),
        "snapshot" if command.needs != Needs::Snapshot => {
            let message = format!(
                "Command {} does not support {{ readConcern: {{ level: \"snapshot\" }} }} [ note: allowed for find, \
                 aggregate and distinct ]",
                request.name
            );
            Err(Failure::new(INVALID_OPTIONS, message))
        }
        "snapshot" if store.kind == Kind::Standalone => {
            Err(Failure::new(NOT_A_REPLICA_SET, "node needs to be a replica set member to use readConcern: snapshot"))
        }
        "snapshot" => Ok(()),
        other => {
            let message = format!("Enumeration value '{other}' for field 'readConcern.level' is not a valid value.");
            Err(Failure::new(super::failure::BAD_VALUE, message))
        }
    }
}

/// A document from values.
fn reply(fields: bson::Document) -> Writer {
    let mut reply = Writer::default();
    reply.fields(&fields);
    reply
}

/// Counts are 32-bit where they fit (the server's `BSONObjBuilder::appendNumber`).
fn count(value: u64) -> Bson {
    i32::try_from(value).map_or_else(|_| Bson::Int64(i64::try_from(value).unwrap_or(i64::MAX)), Bson::Int32)
}
