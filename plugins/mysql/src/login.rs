//! Logging in, until the server says yes or no ("Connection Phase").

use cofferdam_sdk::{Endpoint, Error, Result, tcp};

use crate::protocol::cursor::Cursor;
use crate::protocol::error;
use crate::protocol::greeting::Greeting;
use crate::session::Session;

/// Greets, goes over to TLS if that is wanted, and proves who we are.
///
/// # Errors
/// What the host or the server refuses.
pub async fn login(session: &mut Session, endpoint: &Endpoint, program: &str) -> Result<()> {
    let tls = session.connection().tls();
    let first = session.receive().await?;
    if let Some((0xff, rest)) = first.split_first() {
        return Err(error::parse(rest));
    }
    let greeting = Greeting::parse(&first)?;
    // MariaDB puts this in front for clients that take 10 for an old 1.
    session.version = greeting.version.strip_prefix("5.5.5-").unwrap_or(&greeting.version).to_owned();
    let encrypted = match (tls.as_str(), greeting.offers_tls()) {
        ("disable", _) | ("prefer", false) => false,
        (_, true) => {
            session.send(None, &greeting.tls_request()).await?;
            session.start_tls().await?;
            true
        }
        (_, false) => {
            return Err(Error::unreachable("the server offers no TLS, and the operator's sslmode wants it")
                .with_hint("turn on TLS on the server; or, where nobody can listen in, set sslmode=disable"));
        }
    };
    let user = endpoint.info().user.unwrap_or_default();
    let (method, answer) = match answer(session, &greeting.method, &greeting.challenge).await {
        Ok(answer) => (greeting.method.as_str(), answer),
        // It will ask again by the user's own method.
        Err(error) if error.code == "unsupported" => ("mysql_native_password", Vec::new()),
        Err(error) => return Err(error),
    };
    session.send(None, &greeting.response(encrypted, &user, &answer, method, "", program)).await?;
    let_in(session, encrypted).await
}

/// What goes on until the server says yes or no.
async fn let_in(session: &mut Session, encrypted: bool) -> Result<()> {
    loop {
        let said = session.receive().await?;
        match said.split_first() {
            Some((0, _)) => return Ok(()),
            Some((0xff, rest)) => return Err(error::parse(rest)),
            // `AuthSwitchRequest`.
            Some((0xfe, rest)) => {
                let mut cursor = Cursor::new(rest);
                let method = String::from_utf8_lossy(cursor.nul_terminated()?).into_owned();
                let challenge = cursor.rest().get(..20).unwrap_or_default().to_vec();
                let answer = answer(session, &method, &challenge).await?;
                session.send(None, &answer).await?;
            }
            // `AuthMoreData` of caching_sha2_password: 3 is "known already", 4 "send the password itself".
            Some((1, [3])) => {}
            Some((1, [4])) if encrypted => {
                let sequence = session.next_sequence();
                tcp::write_secret(
                    session.connection(),
                    vec![sequence],
                    "password".to_owned(),
                    "mysql-packet".to_owned(),
                    vec![0],
                )
                .await?;
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
async fn answer(session: &Session, method: &str, challenge: &[u8]) -> Result<Vec<u8>> {
    let known = match method {
        "mysql_native_password" => "mysql-native-password",
        "caching_sha2_password" => "caching-sha2-password",
        _ => {
            return Err(Error::unsupported(format!("the server wants a login by \"{method}\""))
                .with_hint("make the user with mysql_native_password (MariaDB) or caching_sha2_password (MySQL)"));
        }
    };
    match tcp::respond(session.connection(), "password".to_owned(), known.to_owned(), challenge.to_vec()).await {
        Err(error) if error.code == "not-found" => Ok(Vec::new()),
        answered => answered,
    }
}
