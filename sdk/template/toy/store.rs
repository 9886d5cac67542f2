//! What the toy does: databases of tables of lines, in memory. A line goes in and an answer comes out; where both come from
//! is somebody else's business.

use std::collections::BTreeMap;

/// A table's rows, each a line without its end.
type Rows = Vec<Vec<u8>>;
/// Tables by their names.
type Database = BTreeMap<String, Rows>;

/// What a server holds.
pub struct Store {
    password: String,
    databases: BTreeMap<String, Database>,
    snapshots: BTreeMap<String, Database>,
    taken: u64,
    /// How many rows it takes.
    limit: usize,
}

/// What a connection has.
#[derive(Default)]
pub struct Session {
    logged_in: bool,
    filling: Option<(String, String, Rows)>,
    snapshots: Vec<String>,
}

type Answer = Result<String, String>;

impl Store {
    /// An empty server, whose users have this password.
    pub fn new(password: &str) -> Self {
        let (databases, snapshots) = (BTreeMap::new(), BTreeMap::new());
        Self { password: password.to_owned(), databases, snapshots, taken: 0, limit: 1_000_000_000 }
    }

    /// Takes a line of a connection; gives what it is answered, which is nothing for a row.
    pub fn line(&mut self, session: &mut Session, line: &[u8]) -> Vec<u8> {
        if let (Some((_, _, rows)), Some((b'+', row))) = (&mut session.filling, line.split_first()) {
            rows.push(row.to_vec());
            return Vec::new();
        }
        let text = String::from_utf8_lossy(line).into_owned();
        let words: Vec<&str> = text.split('\t').collect();
        // Rows may be any bytes, so this answer isn't text.
        if let (true, ["READ", snapshot, table]) = (session.logged_in, words.as_slice()) {
            let Some(rows) = self.snapshots.get(*snapshot).and_then(|tables| tables.get(*table)) else {
                return b"MISSING no such snapshot or table\n".to_vec();
            };
            let mut answer = format!("OK {}\n", rows.len()).into_bytes();
            rows.iter().for_each(|row| answer.extend(row.iter().chain(b"\n")));
            return answer;
        }
        let answer = match self.answer(session, &words) {
            Ok(rest) => format!("OK {rest}"),
            Err(wrong) => wrong,
        };
        (answer + "\n").into_bytes()
    }

    fn answer(&mut self, session: &mut Session, words: &[&str]) -> Answer {
        if let ["LOGIN", _, password] = words {
            session.logged_in = *password == self.password;
            return if session.logged_in { Ok("toy 1".into()) } else { Err("DENIED wrong password".into()) };
        }
        if !session.logged_in {
            return Err("DENIED log in first".into());
        }
        let missing = || "MISSING no such database, table or snapshot".to_owned();
        match words {
            ["DATABASES"] => Ok(listed(self.databases.keys())),
            ["CREATE", name] if self.databases.contains_key(*name) => Err("EXISTS the database".into()),
            ["CREATE", name] => {
                self.databases.insert((*name).to_owned(), Database::new());
                Ok(String::new())
            }
            ["DROP", name] => self.databases.remove(*name).map(|_| String::new()).ok_or_else(missing),
            ["RENAME", _, to] if self.databases.contains_key(*to) => Err("EXISTS the database".into()),
            ["RENAME", from, to] => {
                let tables = self.databases.remove(*from).ok_or_else(missing)?;
                self.databases.insert((*to).to_owned(), tables);
                Ok(String::new())
            }
            ["TABLE", database, table] => {
                let tables = self.databases.get_mut(*database).ok_or_else(missing)?;
                if tables.contains_key(*table) {
                    return Err("EXISTS the table".into());
                }
                tables.insert((*table).to_owned(), Rows::new());
                Ok(String::new())
            }
            ["SNAPSHOT", database] => {
                let tables = self.databases.get(*database).ok_or_else(missing)?.clone();
                self.taken += 1;
                let id = self.taken.to_string();
                self.snapshots.insert(id.clone(), tables);
                session.snapshots.push(id.clone());
                Ok(id)
            }
            ["TABLES", id] => self.snapshots.get(*id).map(|tables| listed(tables.keys())).ok_or_else(missing),
            ["COUNT", id] => self.snapshots.get(*id).map(|tables| tables.len().to_string()).ok_or_else(missing),
            ["FILL", database, table] => {
                let tables = self.databases.get(*database).ok_or_else(missing)?;
                tables.get(*table).ok_or_else(missing)?;
                session.filling = Some(((*database).to_owned(), (*table).to_owned(), Rows::new()));
                Ok(String::new())
            }
            ["KEEP"] => self.keep(session),
            ["FORGET"] => {
                session.filling = None;
                Ok(String::new())
            }
            // Moves the last row of one table to another, so that their rows are as many as before at every moment.
            ["MOVE", database, from, to] => {
                let tables = self.databases.get_mut(*database).ok_or_else(missing)?;
                if let Some(row) = tables.get_mut(*from).ok_or_else(missing)?.pop() {
                    tables.get_mut(*to).ok_or_else(missing)?.push(row);
                }
                Ok(String::new())
            }
            ["LIMIT", rows] => {
                self.limit = rows.parse().map_err(|_| "WRONG that is no number".to_owned())?;
                Ok(String::new())
            }
            _ => Err("WRONG no such command".into()),
        }
    }

    fn keep(&mut self, session: &mut Session) -> Answer {
        let (database, table, rows) = session.filling.take().ok_or("WRONG nothing is being filled")?;
        if rows.len() > self.limit {
            return Err("FULL the server takes no more rows".into());
        }
        let tables = self.databases.get_mut(&database).ok_or("MISSING the database")?;
        let count = rows.len().to_string();
        tables.insert(table, rows);
        Ok(count)
    }

    /// A connection has ended; its snapshots go.
    pub fn hung_up(&mut self, session: Session) {
        session.snapshots.iter().for_each(|id| drop(self.snapshots.remove(id)));
    }
}

/// A number of lines, and those.
fn listed<'a>(names: impl ExactSizeIterator<Item = &'a String>) -> String {
    let count = names.len().to_string();
    names.fold(count, |all, name| all + "\n" + name)
}
