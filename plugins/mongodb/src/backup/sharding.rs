//! How collections are sharded: not carried, since only the operator knows how the other cluster is built, but told as the
//! commands that do the same there.

use crate::bson::{self, Builder, Document};
use crate::catalog::Collection;
use crate::json;
use crate::namespace::Scope;
use crate::note::note;
use crate::server::{Kind, Server};
use cofferdam_sdk::Result;
use cofferdam_sdk::engine::Note;

/// Tells how collections are sharded (MongoDB manual, "Config Database", `config.collections`, `config.tags`).
pub async fn report(server: &Server, collections: &[Collection], scope: &Scope) -> Vec<Note> {
    if server.kind != Kind::Mongos {
        return Vec::new();
    }
    let read = async {
        let list = |collection: &str| Builder::new().text("find", collection);
        Ok((server.documents("config", list("collections")).await?, server.documents("config", list("tags")).await?))
    };
    let read: Result<_> = read.await;
    match read {
        Ok((sharded, zones)) => notes(collections, scope, &sharded, &zones),
        Err(error) => {
            let reason = format!("how collections are sharded can't be read, and isn't told: {}", error.message);
            vec![note("warning", "", reason)]
        }
    }
}

fn notes(collections: &[Collection], scope: &Scope, sharded: &[Document], zones: &[Document]) -> Vec<Note> {
    let text =
        |document: &[u8], name: &str| bson::get(document, name).and_then(|value| value.text()).map(str::to_owned);
    let told = |collection: &Collection| {
        let name = collection.object();
        let is = |document: &&Document| text(document, "_id").as_deref() == Some(&name);
        let how = sharded.iter().find(is)?;
        let key = bson::get(how, "key")?.document()?;
        let unique = bson::get(how, "unique").is_some_and(|unique| unique.truth());
        let mut commands = vec![format!("sh.shardCollection({}, {}, {unique})", quoted(&name), parsed(key))];
        for zone in zones.iter().filter(|zone| text(zone, "ns").as_deref() == Some(&name)) {
            let border = |name: &str| bson::get(zone, name).and_then(|border| border.document()).map(parsed);
            let (Some(min), Some(max), Some(tag)) = (border("min"), border("max"), text(zone, "tag")) else { continue };
            commands.push(format!("sh.updateZoneKeyRange({}, {min}, {max}, {})", quoted(&name), quoted(&tag)));
        }
        let reason =
            format!("a copy isn't sharded; what shards one of the same name likewise is {}", commands.join("; "));
        Some(note("left-out", format!("sharding of {}", scope.object(&collection.database, &collection.name)), reason))
    };
    collections.iter().filter_map(told).collect()
}

/// A document as the shell reads it.
fn parsed(document: &[u8]) -> String {
    format!("EJSON.parse({})", quoted(&json::canonical(document).unwrap_or_default()))
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;
    use crate::catalog;

    #[test]
    fn the_commands_that_shard_a_copy_likewise_are_told() {
        let collection = |name: &str| Collection {
            database: "d".to_owned(),
            name: name.to_owned(),
            kind: catalog::Kind::Plain,
            options: Builder::new().finish(),
            uuid: None,
            indexes: Vec::new(),
        };
        let key = Builder::new().text("a", "hashed").finish();
        let border = |n: i32| Builder::new().int("a", n).finish();
        let sharded = Builder::new().text("_id", "d.c").document("key", &key).truth("unique", true).finish();
        let zone =
            Builder::new().text("ns", "d.c").document("min", &border(1)).document("max", &border(2)).text("tag", "EU");
        let told = notes(&[collection("c"), collection("x")], &Scope::Database, &[sharded], &[zone.finish()]);
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].object, "sharding of c");
        assert!(
            told[0].reason.contains("sh.shardCollection(\"d.c\", EJSON.parse(\"{\\\"a\\\":\\\"hashed\\\"}\"), true)")
        );
        assert!(
            told[0].reason.contains("sh.updateZoneKeyRange(\"d.c\", EJSON.parse(")
                && told[0].reason.ends_with("\"EU\")")
        );
    }
}
