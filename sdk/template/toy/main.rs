//! The toy as a program: the server, and the author's means to prepare a database and to look into one, for
//! `conformance.toml`.

mod store;

use std::env;
use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use store::{Session, Store};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const USAGE: &str = "toy serve PORT | do COMMAND... | fill DB | odd DB | dump DB | load DB | invariant DB
The password is in TOY_PASSWORD, the port of `do` and of those that follow it in TOY_PORT, or 23477.";

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["serve", port] => serve(port.parse()?),
        ["do", command @ ..] => Client::connect()?.ask(command).map(drop),
        ["fill", database] => fill(database),
        ["odd", database] => odd(database),
        ["dump", database] => dump(database),
        ["load", database] => load(database),
        ["invariant", database] => invariant(database),
        _ => Err(USAGE.into()),
    }
}

fn password() -> Result<String> {
    env::var("TOY_PASSWORD").map_err(|_| "TOY_PASSWORD isn't set".into())
}

/// Serves until it is killed. Port 0 takes a free one, which the first line of output says.
fn serve(port: u16) -> Result<()> {
    let store = Arc::new(Mutex::new(Store::new(&password()?)));
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    println!("listening on {}", listener.local_addr()?);
    for connection in listener.incoming() {
        let (store, connection) = (Arc::clone(&store), connection?);
        // A connection that breaks ends nothing but itself.
        thread::spawn(move || converse(&store, &connection).map_err(|e| eprintln!("{e}")));
    }
    Ok(())
}

fn converse(store: &Mutex<Store>, connection: &TcpStream) -> std::io::Result<()> {
    let mut session = Session::default();
    let (mut reader, mut writer) = (BufReader::new(connection), connection);
    let store = || store.lock().unwrap_or_else(PoisonError::into_inner);
    let mut line = Vec::new();
    let ended = loop {
        line.clear();
        match reader.read_until(b'\n', &mut line) {
            Ok(0) => break Ok(()),
            Ok(_) => {}
            Err(error) => break Err(error),
        }
        if line.pop() != Some(b'\n') {
            break Ok(());
        }
        let answer = store().line(&mut session, &line);
        if let Err(error) = writer.write_all(&answer) {
            break Err(error);
        }
    };
    store().hung_up(session);
    ended
}

/// A connection of the author's own.
struct Client(BufReader<TcpStream>);

impl Client {
    fn connect() -> Result<Self> {
        let port: u16 = env::var("TOY_PORT").map_or(Ok(23477), |port| port.parse())?;
        let mut client = Self(BufReader::new(TcpStream::connect(("127.0.0.1", port))?));
        client.ask(&["LOGIN", "author", &password()?])?;
        Ok(client)
    }

    /// What stands behind "OK".
    fn ask(&mut self, command: &[&str]) -> Result<String> {
        self.0.get_mut().write_all((command.join("\t") + "\n").as_bytes())?;
        let answer = String::from_utf8(self.line()?)?;
        let rest = answer.strip_prefix("OK").ok_or_else(|| format!("{command:?}: {answer}"))?;
        Ok(rest.trim_start().to_owned())
    }

    fn line(&mut self) -> Result<Vec<u8>> {
        let mut line = Vec::new();
        self.0.read_until(b'\n', &mut line)?;
        line.pop();
        Ok(line)
    }

    fn lines(&mut self, command: &[&str]) -> Result<Vec<Vec<u8>>> {
        let count: usize = self.ask(command)?.parse()?;
        (0..count).map(|_| self.line()).collect()
    }

    fn table(&mut self, database: &str, name: &str, rows: impl IntoIterator<Item = Vec<u8>>) -> Result<()> {
        self.ask(&["TABLE", database, name])?;
        self.ask(&["FILL", database, name])?;
        for row in rows {
            self.0.get_mut().write_all(&[b"+", row.as_slice(), b"\n"].concat())?;
        }
        self.ask(&["KEEP"]).map(drop)
    }
}

fn fill(database: &str) -> Result<()> {
    let mut client = Client::connect()?;
    client.table(database, "books", (0..2_000).map(|n| format!("{n}\tA book about {n} things").into_bytes()))?;
    client.table(database, "shelved", (0..500).map(|n| format!("{n}\tshelf {}", n % 7).into_bytes()))?;
    client.table(database, "lent", std::iter::empty())
}

fn odd(database: &str) -> Result<()> {
    let mut client = Client::connect()?;
    client.table(database, "empty", std::iter::empty())?;
    client.table(database, "empty rows", vec![Vec::new(); 3])?;
    client.table(database, "\"quoted\" \\ 'name' ../up", [b"\0\x01\xff\xfe not UTF-8 \x1b[2J".to_vec()])?;
    client.table(database, "\u{1f4da} \u{202e}", ["twice", "twice", "+", ".", "KEEP"].map(|row| row.into()))?;
    client.table(database, "long", [vec![b'x'; 900_000], vec![b'y'; 70_000]])
}

fn dump(database: &str) -> Result<()> {
    let (mut client, mut output) = (Client::connect()?, std::io::stdout().lock());
    let snapshot = client.ask(&["SNAPSHOT", database])?;
    for table in client.lines(&["TABLES", &snapshot])? {
        let table = String::from_utf8(table)?;
        writeln!(output, "{table:?}")?;
        for row in client.lines(&["READ", &snapshot, &table])? {
            writeln!(output, "\t{}", row.escape_ascii())?;
        }
    }
    Ok(())
}

/// Moves rows to and fro until it is killed.
fn load(database: &str) -> Result<()> {
    let mut client = Client::connect()?;
    loop {
        for (from, to) in [("shelved", "lent"), ("lent", "shelved")] {
            (0..200).try_for_each(|_| client.ask(&["MOVE", database, from, to]).map(drop))?;
        }
    }
}

/// However rows are moved, there are as many of them.
fn invariant(database: &str) -> Result<()> {
    let mut client = Client::connect()?;
    let snapshot = client.ask(&["SNAPSHOT", database])?;
    let shelved = client.lines(&["READ", &snapshot, "shelved"])?.len();
    let lent = client.lines(&["READ", &snapshot, "lent"])?.len();
    println!("{} books are on a shelf or lent", shelved + lent);
    Ok(())
}
