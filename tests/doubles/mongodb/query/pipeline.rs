//! Aggregation pipelines (MongoDB manual, "Aggregation Stages"): the stages that work on documents alone. Stages that
//! know of collections are the command's.

use bson::{Bson, Document, doc};
use bytes::Bytes;

use super::{matches_document, number, project, sort};
use crate::doubles::mongodb::failure::{BAD_VALUE, Failure, Result};

/// One stage.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its name, with the `$`.
    pub name: String,
    /// What stands behind it.
    pub operand: Bson,
}

/// The stages of a pipeline.
///
/// # Errors
/// If one isn't a document with one field.
pub fn parse(pipeline: &[Bson]) -> Result<Vec<Step>> {
    let wrong = || Failure::new(BAD_VALUE, "A pipeline stage specification object must contain exactly one field.");
    let stages = pipeline.iter().map(|stage| {
        let stage = stage.as_document().filter(|stage| stage.len() == 1).ok_or_else(wrong)?;
        let (name, operand) = stage.iter().next().ok_or_else(wrong)?;
        Ok(Step { name: name.clone(), operand: operand.clone() })
    });
    stages.collect()
}

/// Runs stages over documents.
///
/// # Errors
/// If one isn't modelled, or wrong.
pub fn run(steps: &[Step], mut documents: Vec<Bytes>) -> Result<Vec<Bytes>> {
    for step in steps {
        documents = run_one(step, documents)?;
    }
    Ok(documents)
}

fn run_one(step: &Step, mut documents: Vec<Bytes>) -> Result<Vec<Bytes>> {
    let operand = || step.operand.as_document().ok_or_else(|| wrong(step));
    let count = || number(&step.operand).and_then(|n| usize::try_from(n).ok()).ok_or_else(|| wrong(step));
    match step.name.as_str() {
        "$match" => {
            let filter = operand()?;
            let taken = documents.into_iter().filter_map(|d| match matches_document(filter, &d) {
                Ok(taken) => taken.then_some(Ok(d)),
                Err(failure) => Some(Err(failure)),
            });
            return taken.collect();
        }
        "$sort" => sort(&mut documents, operand()?),
        "$limit" => documents.truncate(count()?),
        "$skip" => drop(documents.drain(..count()?.min(documents.len()))),
        "$project" => {
            let fields = operand()?;
            return documents.iter().map(|document| project(document, fields)).collect();
        }
        "$sample" => {
            let size = operand()?.get("size").and_then(number).and_then(|n| usize::try_from(n).ok());
            let size = size.ok_or_else(|| wrong(step))?.min(documents.len());
            let chosen = rand::seq::index::sample(&mut rand::rng(), documents.len(), size);
            return Ok(chosen.iter().filter_map(|index| documents.get(index).cloned()).collect());
        }
        "$count" => {
            let field = step.operand.as_str().ok_or_else(|| wrong(step))?;
            let counted = i64::try_from(documents.len()).unwrap_or(i64::MAX);
            // MongoDB manual, `$count`: no document at all where there is nothing to count.
            return if documents.is_empty() { Ok(documents) } else { encode(&[whole(field, counted)]) };
        }
        "$group" => return group(step, operand()?, &documents),
        "$bucketAuto" => return buckets(step, operand()?, documents),
        other => return Err(Failure::not_modelled(&format!("the stage {other}"))),
    }
    Ok(documents)
}

/// `{ _id: null, n: { $sum: 1 } }`, which drivers' `count_documents` sends.
fn group(step: &Step, operand: &Document, documents: &[Bytes]) -> Result<Vec<Bytes>> {
    let mut result = doc! { "_id": operand.get("_id").cloned().unwrap_or(Bson::Null) };
    let constant = matches!(result.get("_id"), Some(Bson::Null | Bson::Int32(_)));
    for (name, accumulator) in operand.iter().filter(|(name, _)| *name != "_id") {
        let sum = accumulator.as_document().and_then(|a| a.get("$sum")).and_then(number);
        let sum =
            sum.filter(|_| constant).ok_or_else(|| Failure::not_modelled(&format!("$group with {}", step.operand)))?;
        result.extend(whole(name, sum * i64::try_from(documents.len()).unwrap_or(i64::MAX)));
    }
    if documents.is_empty() { Ok(Vec::new()) } else { encode(&[result]) }
}

/// `{ groupBy: "$field", buckets: n }` (MongoDB manual, `$bucketAuto`): ranges of about as many documents each.
fn buckets(step: &Step, operand: &Document, mut documents: Vec<Bytes>) -> Result<Vec<Bytes>> {
    let field = operand.get_str("groupBy").ok().and_then(|field| field.strip_prefix('$')).ok_or_else(|| wrong(step))?;
    let count = operand.get("buckets").and_then(number).and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0);
    let count = count.ok_or_else(|| wrong(step))?;
    if operand.len() > 2 {
        return Err(Failure::not_modelled("options of $bucketAuto"));
    }
    sort(&mut documents, &doc! { field: 1 });
    let size = documents.len().div_ceil(count).max(1);
    let at = |document: Option<&Bytes>| {
        let key = document.map(|document| crate::doubles::mongodb::bson::Key::of(document, field));
        key.and_then(|key| super::value(key.value())).unwrap_or(Bson::Null)
    };
    let mut result = Vec::new();
    for (index, bucket) in documents.chunks(size).enumerate() {
        let behind = documents.get((index + 1) * size).or(bucket.last());
        let mut found = doc! { "_id": { "min": at(bucket.first()), "max": at(behind) } };
        found.extend(whole("count", i64::try_from(bucket.len()).unwrap_or(i64::MAX)));
        result.push(found);
    }
    encode(&result)
}

/// Counts are 32-bit where they fit (the server's `BSONObjBuilder::appendNumber`).
fn whole(name: &str, value: i64) -> Document {
    let value = i32::try_from(value).map_or(Bson::Int64(value), Bson::Int32);
    doc! { name: value }
}

fn encode(documents: &[Document]) -> Result<Vec<Bytes>> {
    let encoded =
        documents.iter().map(|d| d.to_vec().map(Bytes::from).map_err(|e| Failure::new(BAD_VALUE, e.to_string())));
    encoded.collect()
}

fn wrong(step: &Step) -> Failure {
    Failure::new(BAD_VALUE, format!("{} with {}", step.name, step.operand))
}
