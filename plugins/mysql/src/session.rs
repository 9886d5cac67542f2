//! A session with a server: logged in, one statement at a time.

use cofferdam_sdk::engine::Summary;
use cofferdam_sdk::tcp::{Buffered, Connection};
use cofferdam_sdk::{Endpoint, Error, Result, Writer};

use crate::login::login;
use crate::protocol::column::Written;
use crate::protocol::cursor::Cursor;
use crate::protocol::{error, packet};

/// What every session sets: text as it is, times without a zone, values that the server takes as they are or refuses, no
/// limit of time, and as much patience as a slow disk at the other end needs. (`sql_mode` says how literals are read, too.)
/// What only MariaDB or only MySQL has is in comments that the other one doesn't read ("Comment Syntax"). Checks aren't made
/// again, and history is taken as it comes: rows are as they were.
const SETTINGS: &str = "SET NAMES utf8mb4, time_zone = '+00:00', \
    sql_mode = 'NO_AUTO_VALUE_ON_ZERO,STRICT_ALL_TABLES,ALLOW_INVALID_DATES,NO_ENGINE_SUBSTITUTION', \
    sql_quote_show_create = 1, foreign_key_checks = 0, wait_timeout = 86400, net_read_timeout = 3600, \
    net_write_timeout = 3600, lock_wait_timeout = 30, max_error_count = 65535, sql_notes = 1 \
    /*!50708 , max_execution_time = 0 */ \
    /*M!100300 , max_statement_time = 0, idle_transaction_timeout = 0, idle_readonly_transaction_timeout = 0, \
    idle_write_transaction_timeout = 0, check_constraint_checks = 0, system_versioning_alter_history = KEEP */ \
    /*M!100802 , explicit_defaults_for_timestamp = 1 */ /*M!101100 , system_versioning_insert_history = 1 */";

/// A result's rows as they were sent.
pub type Rows = Vec<Vec<Option<Vec<u8>>>>;

/// More than this a result that is held whole mustn't have, in bytes.
const LARGEST_RESULT: usize = 64 << 20;
/// Bytes of rows that are collected before they are handed on.
const PIECE: usize = 256 << 10;
/// Bytes that are handed to the connection at once.
const WRITE: usize = 1 << 20;

/// What a statement did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Done {
    /// Rows that it touched.
    pub affected: u64,
    /// Warnings that it left.
    pub warnings: u64,
}

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
        let connection = Connection::connect(endpoint).await?;
        let mut session = Self { wire: Buffered::new(connection), sequence: 0, version: String::new() };
        login(&mut session, endpoint, &format!("cofferdam {operation}")).await?;
        session.run(SETTINGS).await?;
        Ok(session)
    }

    /// Whether the server is MariaDB, and not MySQL.
    pub fn is_mariadb(&self) -> bool {
        self.version.contains("MariaDB")
    }

    /// Whether the server is MariaDB of a version or a later one.
    pub fn is_mariadb_since(&self, major: u32, minor: u32) -> bool {
        self.is_mariadb() && version(&self.version) >= (major, minor)
    }

    /// Runs a statement that returns nothing; gives the number of rows that it touched.
    ///
    /// # Errors
    /// What the server says.
    pub async fn run(&mut self, sql: impl AsRef<[u8]>) -> Result<u64> {
        Ok(self.execute(sql).await?.affected)
    }

    /// Runs a statement that returns nothing.
    ///
    /// # Errors
    /// What the server says.
    pub async fn execute(&mut self, sql: impl AsRef<[u8]>) -> Result<Done> {
        let first = self.ask(sql.as_ref()).await?;
        let Some((0, rest)) = first.split_first() else {
            return Err(Error::internal("a statement returned rows where none were expected"));
        };
        // `OK_Packet`: affected rows, last id, status flags, warnings.
        let mut cursor = Cursor::new(rest);
        let affected = cursor.length()?;
        cursor.length()?;
        cursor.int(2)?;
        Ok(Done { affected, warnings: cursor.int(2)? })
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

    /// Writes every row of a query as one line with the literals of its values in brackets. Texts come in the character
    /// sets in which they are stored: no conversion, so nothing that it would lose.
    ///
    /// # Errors
    /// What the server says, also after the last row.
    pub async fn dump(&mut self, sql: impl AsRef<[u8]>, writer: &mut Writer) -> Result<Summary> {
        self.run("SET character_set_results = NULL").await?;
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
        self.run("SET character_set_results = utf8mb4").await?;
        Ok(Summary { rows: Some(rows), ..Summary::default() })
    }

    /// The connection, to write on.
    pub fn connection(&self) -> &Connection {
        self.wire.connection()
    }

    /// Goes over to TLS.
    ///
    /// # Errors
    /// What the host says.
    pub async fn start_tls(&mut self) -> Result<()> {
        self.wire.start_tls().await
    }

    /// The number of the next packet, for one that is sent by other means.
    pub fn next_sequence(&mut self) -> u8 {
        let sequence = self.sequence;
        self.sequence = sequence.wrapping_add(1);
        sequence
    }

    /// Asks a query and reads what its columns are.
    async fn columns(&mut self, sql: &[u8]) -> Result<Vec<Written>> {
        let first = self.ask(sql).await?;
        match first.first() {
            Some(0xfb) => {
                return Err(Error::permission_denied("the server asks for a file of this machine, and gets none"));
            }
            Some(0) => return Err(Error::internal("a statement returned nothing where rows were expected")),
            _ => {}
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
        self.send(Some(3), sql).await?;
        let first = self.receive().await?;
        match first.split_first() {
            Some((0xff, rest)) => Err(error::parse(rest)),
            _ => Ok(first),
        }
    }

    /// Sends a command's byte, if it is one, and what follows, as packets; holds no second copy of all of it.
    pub async fn send(&mut self, command: Option<u8>, payload: &[u8]) -> Result<()> {
        for packet in packet::packets(command, payload) {
            let header = packet.header(self.next_sequence());
            let (front, rest) = packet.body.split_at(packet.body.len().min(WRITE));
            self.wire.connection().write([header.as_slice(), front].concat()).await?;
            for piece in rest.chunks(WRITE) {
                self.wire.connection().write(piece.to_vec()).await?;
            }
        }
        Ok(())
    }

    /// The next payload.
    ///
    /// # Errors
    /// If the connection is lost, or packets are out of order.
    pub async fn receive(&mut self) -> Result<Vec<u8>> {
        let mut payload = Vec::new();
        loop {
            let header = self.wire.exactly(4).await?;
            let mut header = Cursor::new(&header);
            let length = usize::try_from(header.int(3)?).unwrap_or_default();
            if header.int(1)? != u64::from(self.next_sequence()) {
                return Err(Error::corrupt("the server's packets aren't in order"));
            }
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

/// The first two numbers of a version.
fn version(text: &str) -> (u32, u32) {
    let mut numbers = text.split(|c: char| !c.is_ascii_digit()).filter_map(|number| number.parse().ok());
    (numbers.next().unwrap_or_default(), numbers.next().unwrap_or_default())
}
