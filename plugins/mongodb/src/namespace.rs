//! Names of databases and collections: which are whose, and how they are written.

use std::collections::BTreeMap;
use std::rc::Rc;

/// What a collection's name begins with while it is restored, before the operation's id. The journal of a restore has the
/// name that ends there.
const OURS: &str = "cofferdam_";

/// Databases that belong to the server.
const SERVERS: [&str; 2] = ["local", "config"];

/// Bytes that a namespace may have, from MongoDB 4.4 (manual, "MongoDB Limits").
const LONGEST_NAMESPACE: usize = 255;

/// Bytes that a database's name may have (manual, "MongoDB Limits").
pub const LONGEST_DATABASE: usize = 63;

/// Whether a database holds data of its users. `admin` may.
pub fn is_users_database(name: &str) -> bool {
    !SERVERS.contains(&name)
}

/// Whether a collection is one that a user made, or that holds what a user made.
pub fn is_users_collection(database: &str, name: &str) -> bool {
    let system = name.starts_with("system.");
    if database == "admin" && system {
        return false;
    }
    !is_ours(name) && (!system || name == "system.js" || name.starts_with(BUCKETS))
}

/// What the collection that holds a time series' measurements is called, before the name of the time series.
pub const BUCKETS: &str = "system.buckets.";

/// Whether it belongs to a collection with encrypted fields: the server finds its documents by it (drivers' specification
/// "Client Side Encryption", "Create Collection Helper").
pub fn is_encryption_state(name: &str) -> bool {
    name.starts_with("enxcol_.")
}

/// Whether a restore made it and has not ended: it bears an operation's id, and nothing that only begins alike does.
pub fn is_ours(name: &str) -> bool {
    operation(name).is_some()
}

/// The operation whose restore made a collection and has not ended.
pub fn operation(name: &str) -> Option<&str> {
    name.strip_prefix(OURS)?.split('.').next().filter(|id| is_operation(id))
}

/// Whether this is how the host numbers operations: twelve digits of a hexadecimal number.
fn is_operation(id: &str) -> bool {
    id.len() == 12 && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// The collection in which a restore writes down what it makes.
pub fn journal(operation_id: &str) -> String {
    format!("{OURS}{operation_id}")
}

/// The name that a collection has while it is filled.
pub fn working(operation_id: &str, database: &str, collection: &str) -> String {
    behind(&format!("{OURS}{operation_id}"), database, collection)
}

/// The name that a collection gets which makes room for another.
pub fn aside(operation_id: &str, database: &str, collection: &str) -> String {
    behind(&format!("replaced_{operation_id}"), database, collection)
}

/// A collection's name behind a word, or what stands for it where both together are too long.
fn behind(word: &str, database: &str, collection: &str) -> String {
    let plain = format!("{word}.{collection}");
    if database.len() + 1 + plain.len() <= LONGEST_NAMESPACE {
        return plain;
    }
    // Long names that begin alike must not meet.
    let hash = hashed(collection);
    format!("{word}.{hash:016x}{:04x}", collection.len())
}

/// A name as a number: FNV-1a.
pub fn hashed(name: &str) -> u64 {
    name.bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

/// What a unit's name has of a namespace: a letter, a digit, `_` and `-` stand for themselves, anything else is encoded, so
/// that two namespaces never share a unit.
pub fn in_unit_name(database: &str, collection: &str) -> String {
    format!("{}.{}", encoded(database), encoded(collection))
}

fn encoded(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-') {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

/// A namespace in full. Measurements go by their time series' name.
pub fn object(database: &str, collection: &str) -> String {
    format!("{database}.{}", plain(collection))
}

fn plain(collection: &str) -> &str {
    collection.strip_prefix(BUCKETS).unwrap_or(collection)
}

/// What a backup is of, which is how its objects are called: a copy of a database has to be called as the database is, so
/// that they can be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// One database that was named: its objects are `COLLECTION`.
    Database,
    /// All databases of a server: their objects are `DATABASE.COLLECTION`.
    Server,
    /// Copies of all databases, each with the name of what it is a copy of: their objects are called as those are.
    Copies(Rc<BTreeMap<String, String>>),
}

impl Scope {
    /// A collection as `--only`, `--except` and reports know it.
    pub fn object(&self, database: &str, collection: &str) -> String {
        match self {
            Self::Database => plain(collection).to_owned(),
            Self::Server => object(database, collection),
            Self::Copies(of) => object(of.get(database).map_or(database, String::as_str), collection),
        }
    }

    /// Whether an object of this name is one of all databases.
    pub fn is_of_server(called: &str, collection: &str) -> bool {
        called != plain(collection)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_own_collections_are_left_alone() {
        for (database, name) in
            [("shop", "orders"), ("shop", "system.js"), ("shop", "cofferdam_notes.x"), ("admin", "x")]
        {
            assert!(is_users_collection(database, name), "{name}");
        }
        for (database, name) in [
            ("shop", "system.profile"),
            ("shop", "system.views"),
            ("admin", "system.users"),
            ("shop", "cofferdam_0123456789ab.x"),
            ("shop", "cofferdam_0123456789ab"),
        ] {
            assert!(!is_users_collection(database, name), "{name}");
        }
        assert!(!is_users_database("local") && is_users_database("admin"));
    }

    #[test]
    fn a_named_databases_objects_go_without_its_name() {
        assert_eq!(Scope::Database.object("d", "a.b"), "a.b");
        assert_eq!(Scope::Server.object("d", "system.buckets.m"), "d.m");
        let copies = Scope::Copies(Rc::new(BTreeMap::from([("copy".to_owned(), "d".to_owned())])));
        assert_eq!(copies.object("copy", "a.b"), "d.a.b");
        assert!(Scope::is_of_server("d.m", "system.buckets.m") && !Scope::is_of_server("d.m", "d.m"));
    }

    #[test]
    fn a_working_name_fits_and_long_ones_differ() {
        assert_eq!(working("0a1b", "shop", "orders"), "cofferdam_0a1b.orders");
        let long = "x".repeat(235);
        let (a, b) = (
            working("0a1b2c3d4e5f", "shop", &format!("{long}a")),
            working("0a1b2c3d4e5f", "shop", &format!("{long}b")),
        );
        assert!(a.len() < 80 && a != b);
    }

    #[test]
    fn namespaces_with_dots_and_slashes_get_units_of_their_own() {
        assert_eq!(in_unit_name("a", "b.c"), "a.b%2Ec");
        assert_ne!(in_unit_name("a", "b/c"), in_unit_name("a", "b%2Fc"));
    }
}
