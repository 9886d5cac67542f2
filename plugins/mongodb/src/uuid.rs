//! What tells a collection from another of the same name.

use crate::bson::{self, Builder};
use crate::server::Server;
use cofferdam_sdk::Result;
use std::collections::BTreeMap;

/// As it is written: in hexadecimal digits, as `mongodump` does.
pub fn written(uuid: &[u8]) -> String {
    uuid.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The one that is written so; none if it isn't one.
pub fn read(text: &str) -> Option<Vec<u8>> {
    const BYTES: usize = 16;
    let digits: Vec<u8> = text
        .chars()
        .map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect::<Option<_>>()?;
    let uuid: Vec<u8> =
        digits.chunks_exact(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect();
    (uuid.len() == BYTES && digits.len() == 2 * BYTES).then_some(uuid)
}

/// All of a server's: which collection has which, whoever made it.
pub async fn of_all(server: &Server) -> Result<BTreeMap<Vec<u8>, String>> {
    let mut all = BTreeMap::new();
    for database in server.databases().await? {
        all.extend(listed(server, &database, Builder::new()).await?);
    }
    Ok(all)
}

/// That of one collection, if it is there and the server says it.
pub async fn of(server: &Server, database: &str, collection: &str) -> Result<Option<Vec<u8>>> {
    Ok(listed(server, database, Builder::new().text("name", collection))
        .await?
        .into_iter()
        .next()
        .map(|(uuid, _)| uuid))
}

async fn listed(server: &Server, database: &str, filter: Builder) -> Result<Vec<(Vec<u8>, String)>> {
    let cursor = Builder::new().finish();
    let list =
        Builder::new().int("listCollections", 1).document("filter", &filter.finish()).document("cursor", &cursor);
    let listed = server.documents(database, list).await?;
    let uuid = |each: &Vec<u8>| {
        let name = bson::get(each, "name")?.text()?;
        Some((bson::path(each, "info.uuid")?.binary()?.to_vec(), format!("{database}.{name}")))
    };
    Ok(listed.iter().filter_map(uuid).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_as_it_is_written_and_nothing_else_is() {
        let uuid: Vec<u8> = (240..=255).collect();
        assert_eq!(read(&written(&uuid)), Some(uuid));
        for wrong in ["", "ff", "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff0", "g0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
