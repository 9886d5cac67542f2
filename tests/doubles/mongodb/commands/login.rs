//! Logging in with SCRAM-SHA-1 and SCRAM-SHA-256 (MongoDB manual, "SCRAM"; RFC 5802, RFC 7677).

use bson::{Binary, Bson, Document, doc};
use mongo_common::auth::{ScramMechanism, ScramServer, StoredCredentials, mongo_sha1_password};
use rand::RngCore as _;

use super::{Connection, reply};
use crate::doubles::mongodb::bson::Writer;
use crate::doubles::mongodb::failure::{AUTHENTICATION_FAILED, Failure, Result};
use crate::doubles::mongodb::query;
use crate::doubles::mongodb::request::Request;
use crate::doubles::mongodb::store::Store;

/// A login that has begun.
#[derive(Debug)]
pub struct Conversation {
    server: ScramServer,
    user: String,
    database: String,
    /// The client has yet to send an empty message before it is done.
    proven: bool,
    skip_empty_exchange: bool,
}

/// The `credentials` of a new user.
#[must_use]
pub fn credentials(user: &str, password: &str, mechanisms: &[&str]) -> Document {
    let mut credentials = Document::new();
    for mechanism in [ScramMechanism::Sha1, ScramMechanism::Sha256] {
        if !mechanisms.contains(&mechanism.name()) {
            continue;
        }
        let sha1 = mechanism == ScramMechanism::Sha1;
        let secret = if sha1 { mongo_sha1_password(user, password) } else { password.to_owned() };
        let mut salt = vec![0; if sha1 { 16 } else { 28 }];
        rand::rng().fill_bytes(&mut salt);
        let stored = StoredCredentials::derive(mechanism, &secret, &salt, mechanism.default_iterations());
        let text = |bytes: &[u8]| base64::Engine::encode(&base64::engine::general_purpose::STANDARD, bytes);
        let fields = doc! {
            "iterationCount": i32::try_from(stored.iterations).unwrap_or(i32::MAX),
            "salt": text(&stored.salt),
            "storedKey": text(&stored.stored_key),
            "serverKey": text(&stored.server_key),
        };
        credentials.insert(mechanism.name(), fields);
    }
    credentials
}

/// A user's entry in `admin.system.users`.
fn entry(store: &Store, database: &str, user: &str) -> Option<Document> {
    let users = store.collection("admin.system.users")?;
    let id = query::key(&format!("{database}.{user}").into());
    let place = users.find(&id)?;
    query::decode(users.current(place)?).ok()
}

/// The mechanisms of the user "database.name".
pub(super) fn mechanisms(store: &Store, user: &str) -> Vec<String> {
    let (database, user) = user.split_once('.').unwrap_or(("admin", user));
    let credentials = entry(store, database, user).and_then(|entry| entry.get_document("credentials").ok().cloned());
    credentials.map(|credentials| credentials.keys().cloned().collect()).unwrap_or_default()
}

fn stored(entry: &Document, mechanism: ScramMechanism) -> Option<StoredCredentials> {
    let fields = entry.get_document("credentials").ok()?.get_document(mechanism.name()).ok()?;
    let bytes = |name: &str| {
        let text = fields.get_str(name).ok()?;
        base64::Engine::decode(&base64::engine::general_purpose::STANDARD, text).ok()
    };
    Some(StoredCredentials {
        salt: bytes("salt")?,
        iterations: fields.get("iterationCount").and_then(query::number)?.try_into().ok()?,
        stored_key: bytes("storedKey")?,
        server_key: bytes("serverKey")?,
    })
}

pub(super) fn start(store: &mut Store, connection: &mut Connection, request: &Request) -> Result<Writer> {
    connection.conversation = None;
    let mechanism = ScramMechanism::from_name(request.string("mechanism")?).ok_or_else(refused)?;
    let first = payload(request)?;
    let name = first.split(',').find_map(|part| part.strip_prefix("n=")).ok_or_else(refused)?;
    let name = name.replace("=2C", ",").replace("=3D", "=");
    let entry = entry(store, &request.database, &name).ok_or_else(refused)?;
    let stored = stored(&entry, mechanism).ok_or_else(refused)?;
    let mut server = ScramServer::new(mechanism);
    let answer = server.handle_client_first(&first, &name, &stored).map_err(|_| refused())?;
    let skip = request.document("options")?.get_bool("skipEmptyExchange").unwrap_or(false);
    connection.conversation = Some(Conversation {
        server,
        user: name,
        database: request.database.clone(),
        proven: false,
        skip_empty_exchange: skip,
    });
    Ok(step(false, &answer))
}

pub(super) fn proceed(_: &mut Store, connection: &mut Connection, request: &Request) -> Result<Writer> {
    let mut conversation = connection.conversation.take().ok_or_else(refused)?;
    if conversation.proven {
        connection.user = Some((conversation.user, conversation.database));
        return Ok(step(true, ""));
    }
    let answer = conversation.server.handle_client_final(&payload(request)?).map_err(|_| refused())?;
    let done = conversation.skip_empty_exchange;
    if done {
        connection.user = Some((conversation.user, conversation.database));
    } else {
        conversation.proven = true;
        connection.conversation = Some(conversation);
    }
    Ok(step(done, &answer))
}

fn step(done: bool, payload: &str) -> Writer {
    let payload = Binary { subtype: bson::spec::BinarySubtype::Generic, bytes: payload.as_bytes().to_vec() };
    reply(doc! { "conversationId": 1, "done": done, "payload": payload })
}

fn payload(request: &Request) -> Result<String> {
    match request.body.get("payload") {
        Some(Bson::Binary(payload)) => String::from_utf8(payload.bytes.clone()).map_err(|_| refused()),
        _ => Err(refused()),
    }
}

/// Whether the user or the password was wrong isn't said.
fn refused() -> Failure {
    Failure::new(AUTHENTICATION_FAILED, "Authentication failed.")
}
