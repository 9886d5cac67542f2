//! A session with a server. It speaks lines: a command with its arguments between tabs, and an answer that begins with a word,
//! "OK" or what is wrong.

use cofferdam_sdk::tcp::{self, Buffered, Connection};
use cofferdam_sdk::{Endpoint, Error, Mutex, Result};

/// The longest line that a server may send, in bytes.
pub const LONGEST: usize = 1 << 20;

/// A session. One command is under way at a time: whoever holds the wire has it for the whole of an answer.
pub struct Session {
    /// The connection; see [`Wire`].
    pub wire: Mutex<Wire>,
    /// The server's version.
    pub version: String,
}

/// A connection that is logged in.
pub struct Wire(Buffered);

/// The end of the names of databases that an operation makes for a while.
pub fn mark(operation_id: &str) -> String {
    format!("cofferdam_{operation_id}")
}

impl Session {
    /// Connects and logs in. The password is written by the host: the engine never sees it.
    pub async fn open(endpoint: &Endpoint) -> Result<Self> {
        let user = endpoint.info().user.unwrap_or_default();
        let connection = Connection::connect(endpoint).await?;
        let before = format!("LOGIN\t{user}\t").into_bytes();
        tcp::write_secret(&connection, before, "password".to_owned(), "none".to_owned(), b"\n".to_vec()).await?;
        let mut wire = Wire(Buffered::new(connection));
        let version = wire.answer().await?;
        Ok(Self { wire: Mutex::new(wire), version })
    }

    /// Runs a command; gives what stands behind "OK".
    pub async fn run(&self, command: &[&str]) -> Result<String> {
        let mut wire = self.wire.lock().await;
        wire.say(command).await?;
        wire.answer().await
    }

    /// Runs a command whose answer is a number of lines, and those.
    pub async fn list(&self, command: &[&str]) -> Result<Vec<String>> {
        let mut wire = self.wire.lock().await;
        wire.say(command).await?;
        let count: u64 = wire.answer().await?.parse()?;
        let mut lines = Vec::new();
        for _ in 0..count {
            lines.push(String::from_utf8(wire.line().await?)?);
        }
        Ok(lines)
    }
}

impl Wire {
    /// Says a command.
    pub async fn say(&self, command: &[&str]) -> Result<()> {
        // What separates arguments and commands can't be in a name: the server has no such names.
        if command.iter().any(|argument| argument.contains(['\t', '\n'])) {
            return Err(Error::invalid_options("the server has no names with tabs or line feeds in them"));
        }
        self.send(format!("{}\n", command.join("\t")).into_bytes()).await
    }

    /// Sends bytes as they are.
    pub async fn send(&self, bytes: Vec<u8>) -> Result<()> {
        self.0.connection().write(bytes).await
    }

    /// The next line, without its end.
    pub async fn line(&mut self) -> Result<Vec<u8>> {
        let mut line = self.0.until(b'\n', LONGEST).await?;
        line.pop();
        Ok(line)
    }

    /// What stands behind "OK".
    pub async fn answer(&mut self) -> Result<String> {
        let line = String::from_utf8(self.line().await?)?;
        let (word, rest) = line.split_once(' ').unwrap_or((&line, ""));
        let code = match word {
            "OK" => return Ok(rest.to_owned()),
            "DENIED" => "authentication-failed",
            "MISSING" => "not-found",
            "EXISTS" => "already-exists",
            "FULL" => "conflict",
            _ => "corrupt",
        };
        Err(Error::from_code(code, format!("the server says: {rest}")))
    }
}
