//! `$jsonSchema` in validators (MongoDB manual, `$jsonSchema`): `bsonType`, `required`, `properties`, `minimum`,
//! `maximum`; descriptions are ignored, everything else is refused.

use bson::{Bson, Document};

use super::number;
use crate::doubles::mongodb::bson::{as_f64, get};
use crate::doubles::mongodb::failure::{Failure, Result};

/// Whether a document is as the schema wants it.
///
/// # Errors
/// If the schema has a keyword that isn't modelled.
pub(super) fn matches(schema: &Bson, document: &[u8]) -> Result<bool> {
    let schema = schema.as_document().ok_or_else(|| Failure::not_modelled("a $jsonSchema that isn't a document"))?;
    matches_value(schema, 0x03, document)
}

fn matches_value(schema: &Document, tag: u8, value: &[u8]) -> Result<bool> {
    for (keyword, operand) in schema {
        let taken = match keyword.as_str() {
            "title" | "description" => true,
            "bsonType" => is_type(tag, operand),
            "minimum" => as_f64(tag, value).is_none_or(|value| limit(operand).is_some_and(|limit| value >= limit)),
            "maximum" => as_f64(tag, value).is_none_or(|value| limit(operand).is_some_and(|limit| value <= limit)),
            "required" => {
                let names = operand.as_array().into_iter().flatten().filter_map(Bson::as_str);
                tag != 0x03 || names.into_iter().all(|name| get(value, name).is_some())
            }
            "properties" => {
                let mut all = true;
                for (name, inner) in operand.as_document().into_iter().flatten() {
                    if let (Some(inner), Some(element)) =
                        (inner.as_document(), get(value, name).filter(|_| tag == 0x03))
                    {
                        all &= matches_value(inner, element.tag, element.value)?;
                    }
                }
                all
            }
            other => return Err(Failure::not_modelled(&format!("the keyword {other} of $jsonSchema"))),
        };
        if !taken {
            return Ok(false);
        }
    }
    Ok(true)
}

#[expect(clippy::cast_precision_loss, reason = "limits in tests are small")]
fn limit(operand: &Bson) -> Option<f64> {
    operand.as_f64().or_else(|| number(operand).map(|limit| limit as f64))
}

/// Whether a type byte is one of those that the operand of `$type` and `bsonType` names (MongoDB manual, `$type`).
pub(super) fn is_type(tag: u8, operand: &Bson) -> bool {
    match operand {
        Bson::Array(several) => several.iter().any(|one| is_type(tag, one)),
        Bson::String(name) => match name.as_str() {
            "double" => tag == 0x01,
            "string" => tag == 0x02,
            "object" => tag == 0x03,
            "array" => tag == 0x04,
            "binData" => tag == 0x05,
            "objectId" => tag == 0x07,
            "bool" => tag == 0x08,
            "date" => tag == 0x09,
            "null" => tag == 0x0A,
            "regex" => tag == 0x0B,
            "int" => tag == 0x10,
            "timestamp" => tag == 0x11,
            "long" => tag == 0x12,
            "decimal" => tag == 0x13,
            "minKey" => tag == 0xFF,
            "maxKey" => tag == 0x7F,
            "number" => matches!(tag, 0x01 | 0x10 | 0x12 | 0x13),
            _ => false,
        },
        other => number(other).is_some_and(|wanted| wanted == i64::from(tag) || (wanted == -1 && tag == 0xFF)),
    }
}
