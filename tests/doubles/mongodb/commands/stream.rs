//! `aggregate` with `$changeStream` (MongoDB manual, `$changeStream`, "Change Streams").

use std::time::Instant;

use bson::Bson;

use super::cursor;
use crate::doubles::mongodb::Kind;
use crate::doubles::mongodb::bson::Writer;
use crate::doubles::mongodb::failure::{
    BAD_VALUE, Failure, INVALID_NAMESPACE, INVALID_OPTIONS, INVALID_RESUME_TOKEN, Result, UNKNOWN_FIELD,
};
use crate::doubles::mongodb::query::{Step, number, truth};
use crate::doubles::mongodb::request::Request;
use crate::doubles::mongodb::store::{Cursor, Source, Store, Time, time_of_token};

/// Whether these stages are a stream's.
pub(super) fn is_stream(steps: &[Step]) -> bool {
    steps.first().is_some_and(|step| step.name == "$changeStream")
}

/// Opens a stream of a database, or of all.
pub(super) fn open(store: &mut Store, request: &Request, steps: Vec<Step>) -> Result<Writer> {
    if store.kind == Kind::Standalone {
        return Err(Failure::new(40573, "The $changeStream stage is only supported on replica sets"));
    }
    if request.body.get("aggregate").and_then(number) != Some(1) {
        return Err(Failure::not_modelled("a change stream of one collection"));
    }
    let level = request.document("readConcern")?.get_str("level").map(str::to_owned);
    if level.is_ok_and(|level| level != "majority") {
        return Err(Failure::new(INVALID_OPTIONS, "$changeStream cannot run with a readConcern other than 'majority'"));
    }
    let mut steps = steps.into_iter();
    let first = steps.next().map(|step| step.operand);
    let options = first.as_ref().and_then(Bson::as_document).cloned();
    let options = options.ok_or_else(|| Failure::new(BAD_VALUE, "the $changeStream stage must be an object"))?;
    let (mut all, mut expanded, mut begin, mut token) = (false, false, None, None);
    for (name, value) in &options {
        match (name.as_str(), value) {
            ("allChangesForCluster", value) => all = truth(value),
            ("showExpandedEvents", value) => expanded = truth(value),
            ("fullDocument", Bson::String(kind)) if kind == "default" => {}
            ("startAtOperationTime", Bson::Timestamp(at)) => begin = Some(Time::of(*at)),
            ("resumeAfter", Bson::Document(after)) => {
                let data = after.get_str("_data").unwrap_or_default().to_owned();
                let wrong = || Failure::new(INVALID_RESUME_TOKEN, "Invalid resume token");
                begin = Some(time_of_token(&data).ok_or_else(wrong)?);
                token = Some(data);
            }
            ("startAfter" | "fullDocument" | "fullDocumentBeforeChange", _) => {
                return Err(Failure::not_modelled(&format!("{name} of $changeStream")));
            }
            _ => {
                let message = format!("BSON field '$changeStream.{name}' is an unknown field.");
                return Err(Failure::new(UNKNOWN_FIELD, message));
            }
        }
    }
    match (all, request.database.as_str()) {
        (true, "admin") => {}
        (true, _) => {
            let message = "A $changeStream with 'allChangesForCluster:true' may only be opened on the 'admin' database";
            return Err(Failure::new(INVALID_OPTIONS, message));
        }
        (false, database @ ("admin" | "config" | "local")) => {
            let message = format!("$changeStream may not be opened on the internal {database} database");
            return Err(Failure::new(INVALID_NAMESPACE, message));
        }
        (false, _) => {}
    }
    // Without a beginning a stream begins with what comes next.
    let mut stream = store.stream(begin.unwrap_or_else(|| store.clock.now().later()), token)?;
    stream.database = (!all).then(|| request.database.clone());
    stream.expanded = expanded;
    stream.steps = steps.collect();
    let size =
        request.document("cursor")?.get("batchSize").and_then(number).and_then(|size| usize::try_from(size).ok());
    let cursor = Cursor {
        namespace: format!("{}.$cmd.aggregate", request.database),
        session: request.session(),
        source: Source::Stream(Box::new(stream)),
        limit: None,
        no_timeout: false,
        used: Instant::now(),
    };
    cursor::open(store, cursor, size.unwrap_or(cursor::FIRST_BATCH), false, None)
}
