//! A session with a server: logged in, one statement at a time.

use cofferdam_sdk::engine::Summary;
use cofferdam_sdk::tcp::{self, Buffered, Connection};
use cofferdam_sdk::{Endpoint, Error, Result, Writer};

use crate::protocol::column::Written;
use crate::protocol::cursor::Cursor;
use crate::protocol::greeting::Greeting;
use crate::protocol::{error, packet};

/// What every session sets: text as it is, times without a zone, values that the server takes as they are or refuses, and
/// as much patience as a slow disk at the other end needs. (`sql_mode` says how literals are read, too.)
const SETTINGS: &str = "SET SESSION NAMES utf8mb4, time_zone = '+00:00', \
    sql_mode = 'NO_AUTO_VALUE_ON_ZERO,STRICT_ALL_TABLES,ALLOW_INVALID_DATES,NO_ENGINE_SUBSTITUTION', \
    sql_quote_show_create = 1, foreign_key_checks = 0, wait_timeout = 86400, net_read_timeout = 3600, \
    net_write_timeout = 3600, lock_wait_timeout = 30";

/// A result's rows as they were sent.
pub type Rows = Vec<Vec<Option<Vec<u8>>>>;

/// More than this a result that is held whole mustn't have, in bytes.
const LARGEST_RESULT: usize = 64 << 20;
/// Bytes of rows that are collected before they are handed on.
const PIECE: usize = 256 << 10;

/// A session, closed when it is dropped.
pub struct Session {
    wire: Buffered,
    sequence: u8,
    /// The server's version, as it greets with.
    pub version: String,
}

impl Session {
    /// Connects and logs in, without choosing a database. The session's name on the server bears `operation`.
    ///
    /// # Errors
    /// What the host or the server refuses.
    pub async fn open(endpoint: &Endpoint, operation: &str) -> Result<Self> {
        let info = endpoint.info();
        let connection = Connection::connect(endpoint).await?;
        let tls = connection.tls();
        let mut session = Self { wire: Buffered::new(connection), sequence: 0, version: String::new() };
        let first = session.receive().await?;
        if let Some((0xff, rest)) = first.split_first() {
            return Err(error::parse(rest));
        }
        let greeting = Greeting::parse(&first)?;
        session.version.clone_from(&greeting.version);
        let encrypted = match (tls.as_str(), greeting.offers_tls()) {
            ("disable", _) | ("prefer", false) => false,
            (_, true) => {
                session.send(&greeting.tls_request()).await?;
                session.wire.start_tls().await?;
                true
            }
            (_, false) => {
                return Err(Error::unreachable("the server offers no TLS, and the operator's sslmode wants it")
                    .with_hint("turn on TLS on the server; or, where nobody can listen in, set sslmode=disable"));
            }
        };
        let user = info.user.unwrap_or_default();
        let (method, answer) = match session.answer(&greeting.method, &greeting.challenge).await {
            Ok(answer) => (greeting.method.as_str(), answer),
            // It will ask again by the user's own method.
            Err(error) if error.code == "unsupported" => ("mysql_native_password", Vec::new()),
            Err(error) => return Err(error),
        };
        let program = format!("cofferdam {operation}");
        session.send(&greeting.response(encrypted, &user, &answer, method, "", &program)).await?;
        session.let_in(encrypted).await?;
        session.run(SETTINGS.replace("SESSION NAMES utf8mb4, ", "NAMES utf8mb4, ")).await?;
        Ok(session)
    }

    /// What goes on until the server says yes or no.
    async fn let_in(&mut self, encrypted: bool) -> Result<()> {
        loop {
            let said = self.receive().await?;
            match said.split_first() {
                Some((0, _)) => return Ok(()),
                Some((0xff, rest)) => return Err(error::parse(rest)),
                // `AuthSwitchRequest`.
                Some((0xfe, rest)) => {
                    let mut cursor = Cursor::new(rest);
                    let method = String::from_utf8_lossy(cursor.nul_terminated()?).into_owned();
                    let challenge = cursor.rest().get(..20).unwrap_or_default().to_vec();
                    let answer = self.answer(&method, &challenge).await?;
                    self.send(&answer).await?;
                }
                // `AuthMoreData` of caching_sha2_password: 3 is "known already", 4 "send the password itself".
                Some((1, [3])) => {}
                Some((1, [4])) if encrypted => {
                    let sequence = [self.sequence];
                    let wire = self.wire.connection();
                    tcp::write_secret(
                        wire,
                        sequence.to_vec(),
                        "password".to_owned(),
                        "mysql-packet".to_owned(),
                        vec![0],
                    )
                    .await?;
                    self.sequence = self.sequence.wrapping_add(1);
                }
                Some((1, [4])) => {
                    return Err(Error::from_code(
                        "authentication-failed",
                        "the server wants the password itself, and the connection has no TLS",
                    )
                    .with_hint("set sslmode=verify-full (and sslrootcert=FILE) in the URL"));
                }
                _ => return Err(Error::corrupt("the server says something else than yes or no to the login")),
            }
        }
    }

    /// The answer to a challenge; empty where there is no password.
    async fn answer(&self, method: &str, challenge: &[u8]) -> Result<Vec<u8>> {
        let known = match method {
            "mysql_native_password" => "mysql-native-password",
            "caching_sha2_password" => "caching-sha2-password",
            _ => {
                return Err(Error::unsupported(format!("the server wants a login by \"{method}\""))
                    .with_hint("make the user with mysql_native_password (MariaDB) or caching_sha2_password (MySQL)"));
            }
        };
        let wire = self.wire.connection();
        match tcp::respond(wire, "password".to_owned(), known.to_owned(), challenge.to_vec()).await {
            Err(error) if error.code == "not-found" => Ok(Vec::new()),
            answered => answered,
        }
    }

    /// Runs a statement that returns nothing; gives the number of rows that it touched.
    ///
    /// # Errors
    /// What the server says.
    pub async fn run(&mut self, sql: impl AsRef<[u8]>) -> Result<u64> {
        let first = self.ask(sql.as_ref()).await?;
        match first.split_first() {
            Some((0, rest)) => Cursor::new(rest).length(),
            _ => Err(Error::internal("a statement returned rows where none were expected")),
        }
    }

    /// The rows of a query, held whole.
    ///
    /// # Errors
    /// What the server says; "internal" if there are more than fits.
    pub async fn rows(&mut self, sql: impl AsRef<[u8]>) -> Result<Rows> {
        self.columns(sql.as_ref()).await?;
        let (mut rows, mut bytes) = (Vec::new(), 0);
        while let Some(row) = self.row().await? {
            bytes += row.len();
            if bytes > LARGEST_RESULT {
                return Err(Error::internal("the server's catalogue is larger than expected"));
            }
            let mut cursor = Cursor::new(&row);
            let mut values = Vec::new();
            while !cursor.rest().is_empty() {
                values.push(cursor.value()?.map(<[u8]>::to_vec));
            }
            rows.push(values);
        }
        Ok(rows)
    }

    /// The first column of every row, as text; NULL is empty.
    ///
    /// # Errors
    /// As [`Self::rows`].
    pub async fn column(&mut self, sql: impl AsRef<[u8]>) -> Result<Vec<String>> {
        let rows = self.rows(sql).await?;
        rows.into_iter()
            .map(|row| Ok(String::from_utf8(row.into_iter().next().flatten().unwrap_or_default())?))
            .collect()
    }

    /// The row of a query that gives one, as text; NULL is empty.
    ///
    /// # Errors
    /// As [`Self::rows`]; "not-found" if there is no row.
    pub async fn texts(&mut self, sql: impl AsRef<[u8]>) -> Result<Vec<String>> {
        let row = self.rows(sql).await?.into_iter().next();
        let row = row.ok_or_else(|| Error::not_found("the server has nothing of that name any more"))?;
        row.into_iter().map(|value| Ok(String::from_utf8(value.unwrap_or_default())?)).collect()
    }

    /// Writes every row of a query as one line with the literals of its values in brackets.
    ///
    /// # Errors
    /// What the server says, also after the last row.
    pub async fn dump(&mut self, sql: impl AsRef<[u8]>, writer: &mut Writer) -> Result<Summary> {
        let columns = self.columns(sql.as_ref()).await?;
        let (mut lines, mut rows) = (Vec::with_capacity(PIECE * 2), 0);
        while let Some(row) = self.row().await? {
            let mut cursor = Cursor::new(&row);
            for (place, column) in columns.iter().enumerate() {
                lines.push(if place == 0 { b'(' } else { b',' });
                column.write(cursor.value()?, &mut lines);
            }
            lines.extend_from_slice(b")\n");
            rows += 1;
            if lines.len() >= PIECE {
                writer.write(std::mem::replace(&mut lines, Vec::with_capacity(PIECE * 2))).await?;
            }
        }
        if !lines.is_empty() {
            writer.write(lines).await?;
        }
        Ok(Summary { rows: Some(rows), ..Summary::default() })
    }

    /// Asks a query and reads what its columns are.
    async fn columns(&mut self, sql: &[u8]) -> Result<Vec<Written>> {
        let first = self.ask(sql).await?;
        if first.first() == Some(&0xfb) {
            return Err(Error::permission_denied("the server asks for a file of this machine, and gets none"));
        }
        let count = Cursor::new(&first).length()?;
        let mut columns = Vec::new();
        for _ in 0..count {
            columns.push(Written::of_column(&self.receive().await?)?);
        }
        // `EOF_Packet`.
        self.receive().await?;
        Ok(columns)
    }

    /// The next row of the open result.
    async fn row(&mut self) -> Result<Option<Vec<u8>>> {
        let row = self.receive().await?;
        match row.split_first() {
            Some((0xff, rest)) => Err(error::parse(rest)),
            // A row may begin with 0xfe too, the length of a value of 16 MiB and more; `EOF_Packet` is short.
            Some((0xfe, _)) if row.len() < 9 => Ok(None),
            _ => Ok(Some(row)),
        }
    }

    /// Sends a statement (`COM_QUERY`) and gives the first packet of the answer.
    async fn ask(&mut self, sql: &[u8]) -> Result<Vec<u8>> {
        self.sequence = 0;
        let mut payload = Vec::with_capacity(sql.len() + 1);
        payload.push(3);
        payload.extend_from_slice(sql);
        self.send(&payload).await?;
        let first = self.receive().await?;
        match first.split_first() {
            Some((0xff, rest)) => Err(error::parse(rest)),
            _ => Ok(first),
        }
    }

    async fn send(&mut self, payload: &[u8]) -> Result<()> {
        let (framed, next) = packet::framed(payload, self.sequence);
        self.sequence = next;
        for piece in framed.chunks(1 << 20) {
            self.wire.connection().write(piece.to_vec()).await?;
        }
        Ok(())
    }

    async fn receive(&mut self) -> Result<Vec<u8>> {
        let mut payload = Vec::new();
        loop {
            let header = self.wire.exactly(4).await?;
            let mut header = Cursor::new(&header);
            let length = usize::try_from(header.int(3)?).unwrap_or_default();
            let sequence = header.int(1)?;
            if sequence != u64::from(self.sequence) {
                return Err(Error::corrupt("the server's packets aren't in order"));
            }
            self.sequence = self.sequence.wrapping_add(1);
            let piece = self.wire.exactly(length).await?;
            if payload.is_empty() {
                payload = piece;
            } else {
                payload.extend_from_slice(&piece);
            }
            if length < packet::LONGEST {
                return Ok(payload);
            }
        }
    }
}
