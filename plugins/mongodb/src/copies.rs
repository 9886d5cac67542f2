//! Copies of all databases of a backup, made to be looked at: each bears the operation's id, and which is a copy of which is
//! listed in the database by whose name all of them are asked for.

use crate::bson::{self, Builder};
use crate::namespace::{LONGEST_DATABASE, hashed, journal};
use crate::server::Server;
use cofferdam_sdk::Result;
use std::collections::BTreeMap;

/// The collection with the list.
const LIST: &str = "databases";

/// The field with the name of the database that one is a copy of.
const OF: &str = "of";

/// Whether a database was made by this operation to be looked at, which its name says.
pub fn is_made_by(operation_id: &str, database: &str) -> bool {
    database.ends_with(&journal(operation_id))
}

/// What the copy of a database is called.
pub fn name(operation_id: &str, database: &str) -> String {
    let ending = format!("-{}", journal(operation_id));
    let room = LONGEST_DATABASE - ending.len();
    if database.len() <= room {
        return format!("{database}{ending}");
    }
    // Long names that begin alike must not meet.
    let hash = format!("_{:016x}", hashed(database));
    let begin = database.char_indices().take_while(|(n, char)| n + char.len_utf8() + hash.len() <= room);
    let begin: String = begin.map(|(_, char)| char).collect();
    format!("{begin}{hash}{ending}")
}

/// Lists copies, by what each is a copy of.
pub async fn list(server: &Server, asked_for_as: &str, names: &BTreeMap<String, String>) -> Result<()> {
    for (copy, of) in names {
        let document = Builder::new().text("_id", copy).text(OF, of).finish();
        server.insert(asked_for_as, LIST, &document).await?;
    }
    Ok(())
}

/// The copies that this name stands for, each with what it is a copy of; none if it is that of a single database.
pub async fn listed(server: &Server, asked_for_as: &str) -> Result<Option<BTreeMap<String, String>>> {
    let found = server.documents(asked_for_as, Builder::new().text("find", LIST)).await?;
    let text = |document: &[u8], name: &str| Some(bson::get(document, name)?.text()?.to_owned());
    let names: BTreeMap<_, _> =
        found.iter().filter_map(|document| text(document, "_id").zip(text(document, OF))).collect();
    Ok((!names.is_empty()).then_some(names))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0123456789ab";

    #[test]
    fn a_copy_bears_the_operations_id_and_fits() {
        assert_eq!(name(ID, "shop"), "shop-cofferdam_0123456789ab");
        for long in ["ä".repeat(31), "x".repeat(63), "tenant_3f2504e0-4f89-11d3-9a0c-0305e82c3301".to_owned()] {
            let copy = name(ID, &long);
            assert!(copy.len() <= LONGEST_DATABASE && is_made_by(ID, &copy), "{copy}");
        }
        assert_ne!(name(ID, &format!("{}a", "x".repeat(60))), name(ID, &format!("{}b", "x".repeat(60))));
        assert!(!is_made_by("ba9876543210", &name(ID, "shop")) && !is_made_by(ID, "shop"));
    }
}
