//! `aggregate` (MongoDB manual, the page of this name, `$collStats`), and reading views.

use bson::{Bson, Document, doc};
use bytes::Bytes;

use super::{Connection, cursor, diagnose, out, read, stream};
use crate::doubles::mongodb::bson::Writer;
use crate::doubles::mongodb::failure::{BAD_VALUE, Failure, Result};
use crate::doubles::mongodb::query::{self, Step};
use crate::doubles::mongodb::request::Request;
use crate::doubles::mongodb::store::{Store, Time};

/// How many views may read each other.
const DEPTH: usize = 20;

pub(super) fn aggregate(store: &mut Store, _: &mut Connection, request: &Request) -> Result<Writer> {
    if !request.body.contains_key("cursor") {
        let message = "The 'cursor' option is required, except for aggregate with the explain argument";
        return Err(Failure::new(9, message));
    }
    let mut steps = query::parse(request.array("pipeline")?)?;
    if stream::is_stream(&steps) {
        return stream::open(store, request, steps);
    }
    if request.body.get_str("aggregate").is_err() {
        return Err(Failure::not_modelled("aggregate without a collection"));
    }
    let namespace = request.namespace()?;
    let at = read::moment(store, request, &namespace)?;
    if let Some(first) = steps.first().filter(|step| step.name == "$collStats") {
        let documents = collection_statistics(store, &namespace, first)?;
        let documents = query::run(steps.get(1..).unwrap_or_default(), documents)?;
        return cursor::open_found(store, request, &namespace, documents);
    }
    let out = steps.pop_if(|step| out::is_output(step));
    let documents = query::run(&steps, read::documents(store, &namespace, at)?)?;
    match out {
        None => cursor::open_found(store, request, &namespace, documents),
        Some(out) => {
            out::write(store, &request.database, &out, &documents)?;
            cursor::open_found(store, request, &namespace, Vec::new())
        }
    }
}

fn collection_statistics(store: &Store, namespace: &str, step: &Step) -> Result<Vec<Bytes>> {
    let mut fields = doc! { "ns": namespace, "localTime": bson::DateTime::now() };
    for (name, _) in step.operand.as_document().into_iter().flatten() {
        let statistics = diagnose::statistics(store.collection(namespace));
        match name.as_str() {
            "count" => fields.extend(doc! { "count": statistics.get("count").cloned().unwrap_or(Bson::Int32(0)) }),
            "storageStats" => fields.extend(doc! { "storageStats": statistics }),
            other => return Err(Failure::not_modelled(&format!("{other} of $collStats"))),
        }
    }
    let bytes = fields.to_vec().map_err(|e| Failure::new(BAD_VALUE, e.to_string()))?;
    Ok(vec![bytes.into()])
}

/// The documents of a view: its pipeline over what it is on, which may be a view, too.
pub(super) fn view(store: &Store, namespace: &str, view: &Document, at: Option<Time>) -> Result<Vec<Bytes>> {
    let wrong = |what: &str| Failure::new(BAD_VALUE, format!("the view {namespace} {what}"));
    if view.contains_key("timeseries") {
        return Err(Failure::not_modelled("reading a time series through its view; read its buckets"));
    }
    let database = namespace.split_once('.').map_or("", |(database, _)| database);
    let (mut steps, mut below) = (Vec::new(), view);
    for _ in 0..DEPTH {
        let pipeline = below.get_array("pipeline").map(Vec::as_slice).unwrap_or_default();
        let mut own = query::parse(pipeline)?;
        own.append(&mut steps);
        steps = own;
        let on = format!("{database}.{}", below.get_str("viewOn").map_err(|_| wrong("is on nothing"))?);
        match store.view(&on) {
            Some(deeper) => below = deeper,
            None => return query::run(&steps, read::documents(store, &on, at)?),
        }
    }
    Err(wrong("is too deep"))
}
