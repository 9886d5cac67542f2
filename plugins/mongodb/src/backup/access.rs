//! Users and roles, with their credentials, as the server keeps them: in `admin.system.users` and `admin.system.roles`,
//! which the role `backup` may read (MongoDB manual, "Built-In Roles", `backup`).

use super::consistency::Consistency;
use crate::access::{Access, ROLES, USERS};
use crate::bson::{Builder, Document};
use crate::catalog::Kind;
use crate::namespace::Scope;
use crate::note::note;
use crate::server::Server;
use cofferdam_sdk::Result;
use cofferdam_sdk::engine::{Note, Tally};

/// Those of a backup.
pub struct Accesses {
    /// By what they are.
    pub found: Vec<(Access, Vec<Document>)>,
    /// What couldn't be read.
    pub notes: Vec<Note>,
}

impl Accesses {
    /// Reads those of the databases that a backup is of: all, or those that are made in the one that was named.
    ///
    /// # Errors
    /// If the server can't be reached; what it doesn't show is told in a note.
    pub async fn read(server: &Server, scope: &Scope, databases: &[String], consistency: Consistency) -> Result<Self> {
        let mut all = Self { found: Vec::new(), notes: Vec::new() };
        for access in [ROLES, USERS] {
            let filter = match (scope, databases.first()) {
                // Nobody is made for what is only looked at.
                (Scope::Copies(_), _) => {
                    all.found.push((access, Vec::new()));
                    continue;
                }
                (Scope::Database, Some(database)) => Builder::new().text("db", database).finish(),
                _ => Builder::new().finish(),
            };
            let find = Builder::new().text("find", access.collection).document("filter", &filter);
            let find = match consistency {
                Consistency::Plain => find,
                // They are in no snapshot: the server's own collections have none.
                _ => Consistency::Majority.apply(find, Kind::Plain),
            };
            match server.documents("admin", find).await {
                Ok(documents) => all.found.push((access, documents)),
                Err(error) if error.code == "unreachable" || error.code == "cancelled" => return Err(error),
                Err(error) => {
                    let why = format!(
                        "can't be read ({}): db.getSiblingDB(\"admin\").grantRolesToUser(USER, [\"backup\"]) lets the backup",
                        error.message
                    );
                    all.notes.push(note("left-out", access.folder, why));
                    all.found.push((access, Vec::new()));
                }
            }
        }
        Ok(all)
    }

    /// What is carried of them: all that were read, if the operator didn't choose collections.
    pub fn tallies(&self, carried: bool) -> Vec<Tally> {
        let tally = |(access, documents): &(Access, Vec<Document>)| {
            let counted = documents.len() as u64;
            let carried = if carried { counted } else { 0 };
            Tally { kind: access.kind.to_owned(), counted, carried, left_out: counted - carried }
        };
        self.found.iter().map(tally).collect()
    }
}
