//! What a PostgreSQL server for a test is like.

use super::Major;

/// How clients prove who they are; the names of `pg_hba.conf`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Authentication {
    /// SCRAM-SHA-256.
    #[default]
    Scram,
    /// MD5, with a password that is stored that way.
    Md5,
    /// The password itself.
    Password,
    /// Nothing is asked.
    Trust,
}

impl Authentication {
    /// The method's name in `pg_hba.conf`.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Scram => "scram-sha-256",
            Self::Md5 => "md5",
            Self::Password => "password",
            Self::Trust => "trust",
        }
    }
}

/// What a server is like. [`Postgresql::start`](super::Postgresql::start) takes the default of a major: SCRAM, no TLS, no fsync.
#[derive(Clone, Debug)]
pub struct Options {
    /// The version.
    pub major: Major,
    /// How clients prove who they are.
    pub authentication: Authentication,
    /// Offers TLS with a certificate of an authority of its own, see [`Postgresql::authority`](super::Postgresql::authority).
    pub tls: bool,
    /// Makes commits durable. Tests don't need that; what measures time does.
    pub fsync: bool,
    /// Lines for `postgresql.conf`: name and value, as PostgreSQL spells them.
    pub settings: Vec<(String, String)>,
}

impl Options {
    /// The defaults for `major`.
    #[must_use]
    pub fn new(major: Major) -> Self {
        Self { major, authentication: Authentication::default(), tls: false, fsync: false, settings: Vec::new() }
    }

    /// Adds a setting.
    #[must_use]
    pub fn set(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.into(), value.into()));
        self
    }
}
