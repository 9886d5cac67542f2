//! Handshake and sessions (MongoDB manual, `hello`; driver specification "Server Discovery And Monitoring").

use bson::{Bson, Document, doc};

use super::login::Conversation;
use super::reply;
use crate::doubles::mongodb::Kind;
use crate::doubles::mongodb::bson::{Writer, get};
use crate::doubles::mongodb::failure::{BAD_VALUE, Failure, Result};
use crate::doubles::mongodb::request::Request;
use crate::doubles::mongodb::store::Store;

/// What is known of a connection.
#[derive(Debug)]
pub struct Connection {
    /// Its number.
    pub number: i32,
    /// Where the server listens, as clients name it.
    pub address: String,
    /// Whether clients have to log in.
    pub authentication: bool,
    /// Who logged in, and against which database.
    pub user: Option<(String, String)>,
    /// A login that has begun.
    pub conversation: Option<Conversation>,
    /// What both sides can compress with, the client's favourite first.
    pub compressors: Vec<String>,
    /// What the server can.
    pub offers: &'static [&'static str],
}

impl Connection {
    /// Whether nobody logged in, and somebody has to.
    #[must_use]
    pub fn must_log_in(&self) -> bool {
        self.authentication && self.user.is_none()
    }
}

pub(super) fn ping(_: &mut Store, _: &mut Connection, _: &Request) -> Result<Writer> {
    Ok(Writer::default())
}

/// The limits are the server's own; wire version 25 is MongoDB 8.0's.
pub(super) fn hello(store: &mut Store, connection: &mut Connection, request: &Request) -> Result<Writer> {
    let primary = store.is_primary();
    let mut fields = Document::new();
    fields.insert(if request.name == "hello" { "isWritablePrimary" } else { "ismaster" }, primary);
    if store.quirks.router {
        fields.insert("msg", "isdbgrid");
    } else if store.kind == Kind::ReplicaSet {
        let me = &connection.address;
        let now = store.clock.now().timestamp();
        let written = doc! { "opTime": { "ts": now, "t": 1_i64 }, "lastWriteDate": bson::DateTime::now(), "majorityOpTime": { "ts": now, "t": 1_i64 } };
        fields.extend(doc! { "hosts": [me], "setName": "rs0", "setVersion": 1, "secondary": !primary, "me": me, "lastWrite": written });
        if primary {
            let election = bson::oid::ObjectId::from_bytes([0x7F, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0, 0, 0, 0, 1]);
            fields.extend(doc! { "primary": me, "electionId": election });
        }
    }
    fields.extend(doc! {
        "helloOk": true,
        "maxBsonObjectSize": crate::doubles::mongodb::DOCUMENT_BYTES,
        "maxMessageSizeBytes": crate::doubles::mongodb::MESSAGE_BYTES,
        "maxWriteBatchSize": crate::doubles::mongodb::BATCH_STATEMENTS,
        "localTime": bson::DateTime::now(),
        "connectionId": connection.number,
        "minWireVersion": 0,
        "maxWireVersion": 25,
        "readOnly": false,
    });
    if store.kind == Kind::ReplicaSet {
        fields.insert("logicalSessionTimeoutMinutes", 30);
    }
    let wanted = request.body.get_array("compression").map(Vec::as_slice).unwrap_or_default();
    let wanted: Vec<String> = wanted.iter().filter_map(Bson::as_str).map(str::to_owned).collect();
    connection.compressors = wanted.into_iter().filter(|name| connection.offers.contains(&name.as_str())).collect();
    if !connection.compressors.is_empty() {
        fields.insert("compression", connection.compressors.clone());
    }
    if let Ok(user) = request.body.get_str("saslSupportedMechs") {
        let mechanisms = super::login::mechanisms(store, user);
        if !mechanisms.is_empty() {
            fields.insert("saslSupportedMechs", mechanisms);
        }
    }
    let mut answer = reply(fields);
    if let Ok(start) = request.body.get_document("speculativeAuthenticate") {
        let mut start = start.clone();
        start.insert("$db", start.get_str("db").unwrap_or("admin").to_owned());
        let bytes = start.to_vec().map_err(|e| Failure::new(BAD_VALUE, e.to_string()))?;
        // A login that fails here is left out; the client begins anew and gets the error then (driver specification
        // "Authentication", "Speculative Authentication").
        if let Ok(mut begun) =
            Request::new(&bytes.into(), Vec::new()).and_then(|r| super::login::start(store, connection, &r))
        {
            begun.value("ok", 1.0);
            answer.document("speculativeAuthenticate", &begun.finish());
        }
    }
    Ok(answer)
}

pub(super) fn status(_: &mut Store, connection: &mut Connection, _: &Request) -> Result<Writer> {
    let users: Vec<Bson> =
        connection.user.iter().map(|(name, database)| doc! { "user": name, "db": database }.into()).collect();
    let roles: Vec<Bson> = connection.user.iter().map(|_| doc! { "role": "root", "db": "admin" }.into()).collect();
    Ok(reply(doc! { "authInfo": { "authenticatedUsers": users, "authenticatedUserRoles": roles } }))
}

pub(super) fn start_session(_: &mut Store, _: &mut Connection, _: &Request) -> Result<Writer> {
    Ok(reply(doc! { "id": { "id": bson::Uuid::new() }, "timeoutMinutes": 30 }))
}

/// Ending a session closes its cursors.
pub(super) fn end_sessions(store: &mut Store, _: &mut Connection, request: &Request) -> Result<Writer> {
    for session in request.array(&request.name)?.iter().filter_map(Bson::as_document) {
        let bytes = session.to_vec().map_err(|e| Failure::new(BAD_VALUE, e.to_string()))?;
        if let Some(id) = get(&bytes, "id") {
            store.cursors.end_session(id.value);
        }
    }
    Ok(Writer::default())
}
