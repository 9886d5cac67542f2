//! Where to connect, and how much to trust what answers there.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use crate::error::{Error, Result};

/// How long connecting may take unless the operator says otherwise.
pub const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(15);

/// A server to connect to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Where it listens.
    pub address: Address,
    /// What TLS has to prove.
    pub tls: TlsSettings,
    /// How long name resolution and all attempts to connect may take together; a handshake that follows has as long
    /// again.
    pub connect_timeout: Duration,
}

impl Target {
    /// A target with the default time-out and with the TLS mode that fits the address.
    #[must_use]
    pub fn new(address: Address) -> Self {
        let tls = TlsSettings { mode: TlsMode::default_for(&address), ..TlsSettings::default() };
        Self { address, tls, connect_timeout: DEFAULT_CONNECT_TIMEOUT }
    }
}

/// Where a server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A name or an IP address (an IPv6 address without brackets), and a port.
    Tcp {
        /// The name or the IP address.
        host: String,
        /// The port.
        port: u16,
    },
    /// A Unix socket.
    Unix {
        /// The socket itself, not its folder.
        path: PathBuf,
    },
}

impl Address {
    /// Whether bytes to it stay on this machine: a Unix socket or a loopback address.
    #[must_use]
    pub fn is_local(&self) -> bool {
        match self {
            Self::Unix { .. } => true,
            Self::Tcp { host, .. } => host
                .parse::<IpAddr>()
                .map_or_else(|_| host.eq_ignore_ascii_case("localhost"), |ip| ip.to_canonical().is_loopback()),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Tcp { host, port } => write!(f, "{host}:{port}"),
            Self::Unix { path } => path.display().fmt(f),
        }
    }
}

/// What TLS has to prove, and with what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsSettings {
    /// How much is demanded.
    pub mode: TlsMode,
    /// A PEM file with the certificates to trust; none stands for the system's.
    pub root_cert: Option<PathBuf>,
    /// A PEM file with our own certificate and its intermediates.
    pub client_cert: Option<PathBuf>,
    /// A PEM file with the key of `client_cert`, not encrypted.
    pub client_key: Option<PathBuf>,
}

/// How much TLS is demanded; libpq's `sslmode` without `allow`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TlsMode {
    /// No TLS.
    Disable,
    /// TLS if the server offers it. Neither who answers nor that it is encrypted is certain.
    Prefer,
    /// TLS, with whoever answers. With a `root_cert`, the same as [`TlsMode::VerifyCa`], as in libpq.
    Require,
    /// TLS with a certificate that a trusted authority signed, whatever name it bears.
    VerifyCa,
    /// TLS with a certificate that a trusted authority signed for the name that was dialled.
    #[default]
    VerifyFull,
}

impl TlsMode {
    /// What a server gets for which nothing was configured: [`TlsMode::Prefer`] if the bytes stay on this machine,
    /// else [`TlsMode::VerifyFull`].
    #[must_use]
    pub fn default_for(address: &Address) -> Self {
        if address.is_local() { Self::Prefer } else { Self::VerifyFull }
    }

    /// Whether a connection without TLS is an error.
    #[must_use]
    pub fn is_demanded(self) -> bool {
        !matches!(self, Self::Disable | Self::Prefer)
    }

    /// The spelling of libpq's `sslmode`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Disable => "disable",
            Self::Prefer => "prefer",
            Self::Require => "require",
            Self::VerifyCa => "verify-ca",
            Self::VerifyFull => "verify-full",
        }
    }
}

impl FromStr for TlsMode {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        [Self::Disable, Self::Prefer, Self::Require, Self::VerifyCa, Self::VerifyFull]
            .into_iter()
            .find(|mode| mode.as_str() == text)
            .ok_or_else(|| {
                Error::invalid_options(format!("\"{text}\" is not a TLS mode"))
                    .with_hint("use disable, prefer, require, verify-ca or verify-full")
            })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;

    fn tcp(host: &str) -> Address {
        Address::Tcp { host: host.into(), port: 5432 }
    }

    #[test]
    fn the_strictest_mode_is_the_default() {
        assert_eq!(TlsMode::default(), TlsMode::VerifyFull);
        assert_eq!(Target::new(tcp("db.internal")).tls.mode, TlsMode::VerifyFull);
        assert_eq!(Target::new(tcp("10.0.0.1")).tls.mode, TlsMode::VerifyFull);
    }

    #[test]
    fn only_what_stays_on_this_machine_may_go_without_tls() {
        for host in ["localhost", "LOCALHOST", "127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
            assert_eq!(TlsMode::default_for(&tcp(host)), TlsMode::Prefer, "{host}");
        }
        for host in ["localhost.example.org", "127.0.0.1.example.org", "::", "0.0.0.0", "128.0.0.1"] {
            assert_eq!(TlsMode::default_for(&tcp(host)), TlsMode::VerifyFull, "{host}");
        }
        assert_eq!(TlsMode::default_for(&Address::Unix { path: "/run/x".into() }), TlsMode::Prefer);
    }

    #[test]
    fn a_mode_is_read_as_it_is_written() {
        for mode in ["disable", "prefer", "require", "verify-ca", "verify-full"] {
            assert_eq!(mode.parse::<TlsMode>().unwrap().as_str(), mode);
        }
        assert_eq!("allow".parse::<TlsMode>().unwrap_err().code(), "invalid-options");
    }

    #[test]
    fn an_ipv6_address_is_shown_in_brackets() {
        assert_eq!(tcp("::1").to_string(), "[::1]:5432");
        assert_eq!(tcp("db").to_string(), "db:5432");
    }
}
