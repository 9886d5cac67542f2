//! The startup message and authentication (PostgreSQL docs 55.2.1 and 55.3).

use bytes::BytesMut;
use fallible_iterator::FallibleIterator;
use postgres_protocol::authentication::md5_hash;
use postgres_protocol::authentication::sasl::{ChannelBinding, SCRAM_SHA_256, SCRAM_SHA_256_PLUS, ScramSha256};
use postgres_protocol::message::backend::{AuthenticationSaslBody, Message};
use postgres_protocol::message::frontend;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::Parameters;
use super::ending::Ending;
use super::frames::{Frames, Step};
use super::server_error::ServerError;
use crate::dial::{Address, Stream, Target};
use crate::error::{Error, Result};

/// A session's process id and its secret, to cancel its statements with.
pub(super) type Key = (i32, i32);

/// Starts the session on `stream`: returns when the server is ready for the first request.
pub(super) async fn authenticate(
    stream: &mut Stream,
    frames: &mut Frames,
    target: &Target,
    parameters: &Parameters,
) -> Result<Option<Key>> {
    let mut login = Login { stream, frames, server: target.address.to_string(), parameters };
    let mut out = BytesMut::new();
    frontend::startup_message(parameters.startup(), &mut out).map_err(|cause| {
        Error::invalid_options("the user, the database or an option can't be sent").with_cause(cause)
    })?;
    login.send(out).await?;
    login.prove(&target.address).await?;
    login.settle().await
}

struct Login<'a> {
    stream: &'a mut Stream,
    frames: &'a mut Frames,
    server: String,
    parameters: &'a Parameters,
}

impl Login<'_> {
    /// Until AuthenticationOk.
    async fn prove(&mut self, address: &Address) -> Result<()> {
        let mut out = BytesMut::new();
        match self.next().await? {
            Message::AuthenticationOk => return Ok(()),
            Message::AuthenticationCleartextPassword => {
                let safe = self.stream.is_encrypted() || matches!(address, Address::Unix { .. });
                if !safe && !self.parameters.allow_cleartext_password {
                    return Err(self
                        .refused("wants the password in the clear, on a connection that isn't encrypted")
                        .with_hint("use TLS, or have the server ask for scram-sha-256 in pg_hba.conf"));
                }
                let password = self.password()?;
                frontend::password_message(password, &mut out).map_err(unsendable)?;
            }
            Message::AuthenticationMd5Password(body) => {
                let hash = md5_hash(self.parameters.user.as_bytes(), self.password()?, body.salt());
                frontend::password_message(hash.as_bytes(), &mut out).map_err(unsendable)?;
            }
            Message::AuthenticationSasl(body) => self.scram(&body).await?,
            Message::AuthenticationGss | Message::AuthenticationSspi | Message::AuthenticationKerberosV5 => {
                return Err(self
                    .refused("wants Kerberos (GSSAPI or SSPI), which isn't supported")
                    .with_hint("allow scram-sha-256 for this user and address in the server's pg_hba.conf"));
            }
            _ => return Err(self.unexpected()),
        }
        if !out.is_empty() {
            self.send(out).await?;
        }
        match self.next().await? {
            Message::AuthenticationOk => Ok(()),
            _ => Err(self.unexpected()),
        }
    }

    /// Until the server has proved that it knows the password too; without that proof, whoever answers could let
    /// anybody in.
    async fn scram(&mut self, offer: &AuthenticationSaslBody) -> Result<()> {
        let (mut plain, mut plus) = (false, false);
        let mut mechanisms = offer.mechanisms();
        while let Some(mechanism) = mechanisms.next().map_err(|_| self.unexpected())? {
            plain |= mechanism == SCRAM_SHA_256;
            plus |= mechanism == SCRAM_SHA_256_PLUS;
        }
        let (mechanism, binding) = match self.stream.server_end_point() {
            Some(end_point) if plus => (SCRAM_SHA_256_PLUS, ChannelBinding::tls_server_end_point(end_point)),
            // Says that we could have bound: a server that offered it and whose offer was cut out notices.
            Some(_) if plain => (SCRAM_SHA_256, ChannelBinding::unrequested()),
            None if plain => (SCRAM_SHA_256, ChannelBinding::unsupported()),
            _ => return Err(self.refused("offers no way to log in that is supported")),
        };
        let mut scram = ScramSha256::new(self.password()?, binding);

        let mut out = BytesMut::new();
        frontend::sasl_initial_response(mechanism, scram.message(), &mut out).map_err(unsendable)?;
        self.send(out).await?;
        let Message::AuthenticationSaslContinue(body) = self.next().await? else { return Err(self.unexpected()) };
        // Refuses a number of iterations that would keep us busy for long.
        scram.update(body.data()).map_err(|cause| {
            self.refused("sent a SCRAM challenge that can't be used")
                .with_cause(cause)
                .with_hint("scram_iterations must be at most 100000 when the password is set")
        })?;

        let mut out = BytesMut::new();
        frontend::sasl_response(scram.message(), &mut out).map_err(unsendable)?;
        self.send(out).await?;
        let Message::AuthenticationSaslFinal(body) = self.next().await? else { return Err(self.unexpected()) };
        scram.finish(body.data()).map_err(|cause| {
            self.refused("couldn't prove that it knows the password: it may not be the server that you mean")
                .with_cause(cause)
        })
    }

    /// From AuthenticationOk until ReadyForQuery.
    async fn settle(&mut self) -> Result<Option<Key>> {
        let mut key = None;
        loop {
            match self.next().await? {
                Message::BackendKeyData(body) => key = Some((body.process_id(), body.secret_key())),
                Message::ReadyForQuery(_) => return Ok(key),
                _ => return Err(self.unexpected()),
            }
        }
    }

    fn password(&self) -> Result<&[u8]> {
        match &self.parameters.password {
            Some(password) => Ok(password.as_bytes()),
            None => Err(self
                .refused("asks for a password, and none is configured")
                .with_hint("add a `password` reference to the instance")),
        }
    }

    /// The next message that isn't an error, a notice or a setting's value.
    async fn next(&mut self) -> Result<Message> {
        loop {
            let message = match self.frames.step(&mut BytesMut::new()).map_err(|ending| ending.error())? {
                Step::Message(mut message) => Message::parse(&mut message).ok().flatten(),
                Step::More => {
                    let read = self.stream.read_buf(self.frames.space()).await;
                    match read {
                        Ok(0) => return Err(self.lost(None)),
                        Ok(_) => continue,
                        Err(cause) => return Err(self.lost(Some(&cause))),
                    }
                }
                Step::Full | Step::Skipped => None,
            };
            match message {
                Some(Message::ErrorResponse(body)) => {
                    let error = ServerError::read(body.fields()).map_err(|_| self.unexpected())?;
                    return Err(Error::from(error).while_doing(format_args!("connecting to {}", self.server)));
                }
                Some(Message::NoticeResponse(_) | Message::ParameterStatus(_)) => {}
                Some(message) => return Ok(message),
                None => return Err(self.unexpected()),
            }
        }
    }

    async fn send(&mut self, mut out: BytesMut) -> Result<()> {
        let sent = async {
            self.stream.write_all(&out).await?;
            self.stream.flush().await
        };
        let sent = sent.await;
        // It may hold a password.
        out.fill(0);
        sent.map_err(|cause| self.lost(Some(&cause)))
    }

    fn lost(&self, cause: Option<&std::io::Error>) -> Error {
        Ending::lost(&self.server, "we were logging in", cause).error()
    }

    fn refused(&self, why: &str) -> Error {
        Error::authentication_failed(format!("{} {why}", self.server))
    }

    fn unexpected(&self) -> Error {
        Ending::Broken(format!("{} sent what doesn't belong in a login", self.server)).error()
    }
}

fn unsendable(cause: std::io::Error) -> Error {
    Error::invalid_options("the password can't be sent").with_cause(cause)
}
