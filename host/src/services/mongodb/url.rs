//! Connection strings of MongoDB (MongoDB manual, "Connection Strings"), read strictly. Pure.

use std::path::PathBuf;
use std::time::Duration;

use percent_encoding::percent_decode_str;

use super::member::Preference;
use crate::dial::{Address, DEFAULT_CONNECT_TIMEOUT};
use crate::error::{Error, Result};

/// The port of mongod and mongos.
const DEFAULT_PORT: u16 = 27017;

/// Seconds that an operator may allow for connecting.
const LONGEST_TIMEOUT: u64 = 3600;

/// How a connection is encrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tls {
    /// Not at all.
    Off,
    /// With whoever has a certificate for the name that was dialled.
    On {
        /// PEM file of the authorities to trust; none stands for Mozilla's list.
        authorities: Option<PathBuf>,
        /// PEM file with our certificate and its key.
        certificate: Option<PathBuf>,
        /// Whether whoever answers is believed.
        unchecked: bool,
    },
}

/// How we show who we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mechanism {
    /// The best of SCRAM-SHA-256 and SCRAM-SHA-1 that the server has.
    Negotiated,
    /// SCRAM-SHA-1.
    ScramSha1,
    /// SCRAM-SHA-256.
    ScramSha256,
    /// The certificate.
    X509,
}

/// Everything that a connection string says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// The name whose SRV record names the hosts, instead of hosts.
    pub srv: Option<String>,
    /// The hosts.
    pub hosts: Vec<Address>,
    /// The user.
    pub user: Option<String>,
    /// The database.
    pub database: Option<String>,
    /// The database that knows the user.
    pub auth_source: Option<String>,
    /// How we show who we are.
    pub mechanism: Mechanism,
    /// How connections are encrypted.
    pub tls: Tls,
    /// The replica set that every member must be of.
    pub replica_set: Option<String>,
    /// Take the one host as it is.
    pub direct: bool,
    /// Which members are read from.
    pub preference: Preference,
    /// How long connecting to a member may take.
    pub connect_timeout: Duration,
}

/// Reads `mongodb://user@host:port,host:port/database?parameter=value&...`, or `mongodb+srv://user@name/database?...`.
///
/// # Errors
/// `invalid-options`, naming what can't be read, is unknown, or must not be there.
pub fn parse_url(text: &str) -> Result<Location> {
    // The text itself isn't shown: it may hold a password.
    let unreadable = || {
        Error::invalid_options("the MongoDB URL can't be read")
            .with_hint("write mongodb://user@host:port/database, with special characters as %XX")
    };
    let (scheme, rest) = text.split_once("://").ok_or_else(unreadable)?;
    if !matches!(scheme, "mongodb" | "mongodb+srv") || rest.contains('#') {
        return Err(unreadable());
    }
    let (front, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, database) = front.split_once('/').unwrap_or((front, ""));
    let (user, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
    if user.contains(':') {
        return Err(Error::invalid_options("the MongoDB URL has a password in it")
            .with_hint("take it out and add a `password` reference beside the URL, such as { file = \"...\" }"));
    }
    let given = |text: &str| Ok::<_, Error>(Some(decode(text)?).filter(|text| !text.is_empty()));
    let mut draft = Draft { user: given(user)?, database: given(database)?, ..Draft::default() };
    if scheme == "mongodb+srv" {
        if hosts.is_empty() || hosts.contains([',', ':']) {
            return Err(Error::invalid_options("a mongodb+srv URL names one host, without a port"));
        }
        draft.srv = Some(decode(hosts)?);
    } else {
        draft.hosts = hosts.split(',').map(address).collect::<Result<_>>()?;
    }
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair
            .split_once('=')
            .ok_or_else(|| Error::invalid_options("a parameter of the MongoDB URL has no value"))?;
        draft.set(&decode(name)?, decode(value)?)?;
    }
    draft.finish()
}

fn decode(text: &str) -> Result<String> {
    let text = percent_decode_str(text)
        .decode_utf8()
        .map_err(|_| Error::invalid_options("the MongoDB URL isn't UTF-8 once it is decoded"))?;
    if text.contains('\0') {
        return Err(Error::invalid_options("the MongoDB URL has a NUL (%00) in it"));
    }
    Ok(text.into_owned())
}

fn address(text: &str) -> Result<Address> {
    let unreadable = || {
        Error::invalid_options("a host of the MongoDB URL can't be read")
            .with_hint("write host, host:port, [IPv6 address]:port, or a Unix socket with %2F for every /")
    };
    let decoded = decode(text)?;
    if decoded.starts_with('/') {
        return Ok(Address::Unix { path: decoded.into() });
    }
    let (host, port) = match decoded.strip_prefix('[').map(|rest| rest.split_once(']')) {
        Some(Some((host, rest))) => (host, rest.strip_prefix(':').or(rest.is_empty().then_some(""))),
        Some(None) => return Err(unreadable()),
        None => decoded.split_once(':').map_or((decoded.as_str(), Some("")), |(host, port)| (host, Some(port))),
    };
    let port = match port {
        Some("") => DEFAULT_PORT,
        Some(port) => port.parse().ok().filter(|port| *port != 0).ok_or_else(unreadable)?,
        None => return Err(unreadable()),
    };
    if host.is_empty() {
        return Err(unreadable());
    }
    Ok(Address::Tcp { host: host.to_ascii_lowercase(), port })
}

/// What was read so far.
#[derive(Default)]
struct Draft {
    srv: Option<String>,
    hosts: Vec<Address>,
    user: Option<String>,
    database: Option<String>,
    auth_source: Option<String>,
    mechanism: Option<Mechanism>,
    tls: Option<bool>,
    authorities: Option<PathBuf>,
    certificate: Option<PathBuf>,
    unchecked: Option<bool>,
    replica_set: Option<String>,
    direct: Option<bool>,
    preference: Option<Preference>,
    timeout: Option<Duration>,
}

const SUPPORTED: &str = "supported are tls, tlsCAFile, tlsCertificateKeyFile, tlsAllowInvalidCertificates, replicaSet, \
     directConnection, readPreference, authSource, authMechanism and connectTimeoutMS";

impl Draft {
    fn set(&mut self, name: &str, value: String) -> Result<()> {
        let wanted = |wanted: &str| {
            Error::invalid_options(format!("the MongoDB URL's {name} \"{value}\" can't be read"))
                .with_hint(format!("it must be {wanted}"))
        };
        let switch = || match value.as_str() {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(wanted("true or false")),
        };
        let repeated = match name.to_ascii_lowercase().as_str() {
            "tls" | "ssl" => self.tls.replace(switch()?).is_some(),
            "tlscafile" => self.authorities.replace(value.into()).is_some(),
            "tlscertificatekeyfile" => self.certificate.replace(value.into()).is_some(),
            "tlsallowinvalidcertificates" => self.unchecked.replace(switch()?).is_some(),
            "replicaset" => self.replica_set.replace(value).is_some(),
            "directconnection" => self.direct.replace(switch()?).is_some(),
            "readpreference" => {
                let known = Preference::parse(&value).ok_or_else(|| wanted(Preference::NAMES))?;
                self.preference.replace(known).is_some()
            }
            "authsource" => self.auth_source.replace(value).is_some(),
            "authmechanism" => {
                let known = match value.as_str() {
                    "SCRAM-SHA-1" => Mechanism::ScramSha1,
                    "SCRAM-SHA-256" => Mechanism::ScramSha256,
                    "MONGODB-X509" => Mechanism::X509,
                    _ => return Err(wanted("SCRAM-SHA-1, SCRAM-SHA-256 or MONGODB-X509")),
                };
                self.mechanism.replace(known).is_some()
            }
            "connecttimeoutms" => {
                let longest = LONGEST_TIMEOUT * 1000;
                let time = value.parse().ok().filter(|time| (1..=longest).contains(time));
                let time = time.ok_or_else(|| wanted("from 1 to 3600000 milliseconds"))?;
                self.timeout.replace(Duration::from_millis(time)).is_some()
            }
            // What drivers are told and we decide ourselves, in the same way.
            "retrywrites" | "retryreads" if value == "true" => false,
            "w" if value == "majority" => false,
            "appname" => false,
            _ => {
                return Err(Error::invalid_options(format!("the MongoDB URL's parameter \"{name}\" is not supported"))
                    .with_hint(SUPPORTED));
            }
        };
        if repeated {
            return Err(Error::invalid_options(format!("the MongoDB URL gives \"{name}\" twice")));
        }
        Ok(())
    }

    fn finish(self) -> Result<Location> {
        let direct = self.direct.unwrap_or(false);
        if direct && (self.hosts.len() != 1 || self.srv.is_some()) {
            return Err(Error::invalid_options("directConnection=true is for one host"));
        }
        let local = self.srv.is_none() && self.hosts.iter().all(Address::is_local);
        let files = self.authorities.is_some() || self.certificate.is_some() || self.unchecked.is_some();
        let tls = match self.tls {
            Some(false) if files => {
                return Err(Error::invalid_options("the MongoDB URL says tls=false and how TLS should be")
                    .with_hint("take one of them out"));
            }
            Some(false) => Tls::Off,
            None if local && !files => Tls::Off,
            // Other machines must prove who they are unless the operator says otherwise.
            _ => Tls::On {
                authorities: self.authorities,
                certificate: self.certificate,
                unchecked: self.unchecked.unwrap_or(false),
            },
        };
        let mechanism = self.mechanism.unwrap_or(Mechanism::Negotiated);
        if mechanism == Mechanism::X509 && !matches!(&tls, Tls::On { certificate: Some(_), .. }) {
            return Err(Error::invalid_options("authMechanism=MONGODB-X509 needs a certificate")
                .with_hint("name its PEM file, with the key in it, with tlsCertificateKeyFile"));
        }
        Ok(Location {
            srv: self.srv,
            hosts: self.hosts,
            user: self.user,
            database: self.database,
            auth_source: self.auth_source,
            mechanism,
            tls,
            replica_set: self.replica_set,
            direct,
            preference: self.preference.unwrap_or(Preference::SecondaryPreferred),
            connect_timeout: self.timeout.unwrap_or(DEFAULT_CONNECT_TIMEOUT),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;

    fn parse(text: &str) -> Location {
        parse_url(text).unwrap()
    }

    fn refusal(text: &str) -> String {
        let error = parse_url(text).unwrap_err();
        assert_eq!(error.code(), "invalid-options");
        error.message().to_owned()
    }

    #[test]
    fn the_front_of_a_url_says_who_where_and_what() {
        let location = parse("mongodb://jo%40e@A.internal:27018,b.internal,[::1]:1/shop");
        let hosts: Vec<String> = location.hosts.iter().map(ToString::to_string).collect();
        assert_eq!(hosts, ["a.internal:27018", "b.internal:27017", "[::1]:1"]);
        assert_eq!((location.user.as_deref(), location.database.as_deref()), (Some("jo@e"), Some("shop")));
    }

    #[test]
    fn a_unix_socket_is_a_host() {
        let location = parse("mongodb://%2Ftmp%2Fmongodb-27017.sock/shop");
        assert_eq!(location.hosts, [Address::Unix { path: "/tmp/mongodb-27017.sock".into() }]);
        assert_eq!(location.tls, Tls::Off);
    }

    #[test]
    fn a_name_with_an_srv_record_has_no_port() {
        assert_eq!(parse("mongodb+srv://me@cluster.example.net/").srv.as_deref(), Some("cluster.example.net"));
        assert!(refusal("mongodb+srv://cluster.example.net:27017").contains("without a port"));
        assert!(refusal("mongodb+srv://a,b").contains("one host"));
    }

    #[test]
    fn other_machines_must_prove_who_they_are_unless_told_otherwise() {
        let on = Tls::On { authorities: None, certificate: None, unchecked: false };
        assert_eq!(parse("mongodb://db").tls, on);
        assert_eq!(parse("mongodb://localhost,db").tls, on);
        assert_eq!(parse("mongodb+srv://db").tls, on);
        assert_eq!(parse("mongodb://localhost,127.0.0.1:2").tls, Tls::Off);
        assert_eq!(parse("mongodb://localhost/?tls=true").tls, on);
        assert_eq!(parse("mongodb://db/?tls=false").tls, Tls::Off);
        assert!(refusal("mongodb://db/?tls=false&tlsCAFile=/ca.pem").contains("tls=false"));
    }

    #[test]
    fn a_certificate_is_for_those_who_have_one() {
        assert!(refusal("mongodb://db/?authMechanism=MONGODB-X509").contains("certificate"));
        let tls = parse("mongodb://db/?authMechanism=MONGODB-X509&tlsCertificateKeyFile=/me.pem&tlsCAFile=/ca.pem").tls;
        let certificate = Some("/me.pem".into());
        assert_eq!(tls, Tls::On { authorities: Some("/ca.pem".into()), certificate, unchecked: false });
    }

    #[test]
    fn secondaries_are_read_from_unless_told_otherwise() {
        assert_eq!(parse("mongodb://db").preference, Preference::SecondaryPreferred);
        assert_eq!(parse("mongodb://db/?readPreference=primary").preference, Preference::Primary);
        assert!(refusal("mongodb://db/?readPreference=x").contains("readPreference"));
    }

    #[test]
    fn a_password_is_refused_and_never_shown() {
        let error = format!("{:?}", parse_url("mongodb://joe:hunter2@db").unwrap_err());
        assert!(error.contains("password") && !error.contains("hunter2"), "{error}");
        assert!(!format!("{:?}", parse_url("mongodb://db?hunter2").unwrap_err()).contains("hunter2"));
    }

    #[test]
    fn what_cant_be_meant_is_refused() {
        for url in [
            "mongo://db",
            "mongodb://",
            "mongodb://a,,b",
            "mongodb://db:0",
            "mongodb://db:x",
            "mongodb://db:70000",
            "mongodb://[::1",
            "mongodb://db/?tls=yes",
            "mongodb://db/?tls",
            "mongodb://a,b/?directConnection=true",
            "mongodb://db/?connectTimeoutMS=0",
            "mongodb://db/?w=1",
            "mongodb://db/?retryWrites=false",
            "mongodb://db/?proxyHost=evil",
            "mongodb://db/?tls=true&ssl=false",
            "mongodb://db/a%00b",
            "mongodb://db/%ff",
            "mongodb://db/a#b",
        ] {
            refusal(url);
        }
    }
}
