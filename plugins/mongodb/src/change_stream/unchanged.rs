//! What a stream doesn't show in every version, views and the options and indexes of collections, is the same at the end as it
//! was at the beginning.

use crate::catalog::{self, Collection};
use crate::oplog::refuse;
use crate::server::Server;
use cofferdam_sdk::Result;

/// Lists everything once more.
///
/// # Errors
/// "conflict" if something isn't what it was.
pub async fn prove(server: &Server, databases: &[String], were: &[Collection]) -> Result<()> {
    let are = catalog::read(server, databases).await?;
    were.iter().try_for_each(|was| same(was, &are))
}

fn same(was: &Collection, are: &[Collection]) -> Result<()> {
    let object = was.object();
    let named = |is: &&Collection| is.database == was.database && is.name == was.name;
    let Some(is) = are.iter().find(named) else { return refuse(format!("{object} was dropped or renamed")) };
    if is.uuid != was.uuid || is.kind != was.kind {
        return refuse(format!("{object} was replaced"));
    }
    if is.options != was.options {
        return refuse(format!("options of {object} were changed"));
    }
    if sorted(&is.indexes) != sorted(&was.indexes) {
        return refuse(format!("indexes of {object} were made, changed or dropped"));
    }
    Ok(())
}

fn sorted(indexes: &[Vec<u8>]) -> Vec<&[u8]> {
    let mut sorted: Vec<&[u8]> = indexes.iter().map(Vec::as_slice).collect();
    sorted.sort_unstable();
    sorted
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;
    use crate::bson::Builder;
    use crate::catalog::Kind;

    #[test]
    fn whatever_is_otherwise_is_named() {
        let index = |name: &str| Builder::new().text("name", name).finish();
        let was = Collection {
            database: "d".to_owned(),
            name: "c".to_owned(),
            kind: Kind::Plain,
            options: Builder::new().finish(),
            uuid: Some(vec![1]),
            indexes: vec![index("a"), index("b")],
        };
        let turned = Collection { indexes: vec![index("b"), index("a")], ..was.clone() };
        same(&was, &[turned]).unwrap();
        for (is, said) in [
            (Collection { name: "other".to_owned(), ..was.clone() }, "d.c was dropped"),
            (Collection { uuid: Some(vec![2]), ..was.clone() }, "d.c was replaced"),
            (Collection { options: index("x"), ..was.clone() }, "options of d.c"),
            (Collection { indexes: vec![index("a")], ..was.clone() }, "indexes of d.c"),
        ] {
            let error = same(&was, &[is]).unwrap_err();
            assert!(error.code == "conflict" && error.message.contains(said), "{}", error.message);
        }
    }
}
