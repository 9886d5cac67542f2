//! Connection URLs, as libpq has them (PostgreSQL docs 34.1.1.2), without what doesn't belong in a configuration.
//!
//! They are taken apart here because they aren't URLs to a library for the web's: that one refuses a user without a
//! host, which is how a Unix socket is written, and passes over tabs and line ends.

use std::path::Path;
use std::time::Duration;

use percent_encoding::percent_decode_str;

use crate::dial::{Address, DEFAULT_CONNECT_TIMEOUT, Target, TlsMode, TlsSettings};
use crate::error::{Error, Result};

const DEFAULT_PORT: u16 = 5432;
/// Longest `connect_timeout`, in seconds.
const LONGEST_TIMEOUT: u64 = 3600;

/// What a connection URL says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// Where the server is.
    pub target: Target,
    /// The role to log in as.
    pub user: Option<String>,
    /// The database.
    pub database: Option<String>,
    /// How sessions show in `pg_stat_activity`.
    pub application_name: Option<String>,
    /// More of the startup message's parameters: `options` and `client_encoding`.
    pub options: Vec<(String, String)>,
}

/// Reads `postgresql://user@host:port/database?parameter=value&...` (or `postgres://`).
///
/// Parameters: `host` (a name, an address, or the folder of a Unix socket), `port`, `user`, `dbname`, `sslmode`,
/// `sslrootcert`, `sslcert`, `sslkey`, `connect_timeout` (1 to 3600 s), `application_name`, `client_encoding`,
/// `options`. What the URL's front says must not be said again.
///
/// # Errors
/// `invalid-options`, naming what can't be read, is unknown, or must not be there: above all a password.
pub fn parse_url(text: &str) -> Result<Location> {
    let unreadable = || {
        // The text itself isn't shown: it may hold a password.
        Error::invalid_options("the PostgreSQL URL can't be read")
            .with_hint("write postgresql://user@host:port/database, with special characters as %XX")
    };
    let (scheme, rest) = text.split_once("://").ok_or_else(unreadable)?;
    if !matches!(scheme, "postgresql" | "postgres") {
        return Err(Error::invalid_options(format!("\"{scheme}\" is not a scheme of PostgreSQL URLs"))
            .with_hint("write postgresql://..."));
    }
    if rest.contains('#') {
        return Err(Error::invalid_options("the PostgreSQL URL has a \"#\"").with_hint("write %23 for it"));
    }
    let (front, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, database) = front.split_once('/').unwrap_or((front, ""));
    let (user, host_port) = authority.rsplit_once('@').unwrap_or(("", authority));
    if user.contains(':') {
        return Err(password_in_url());
    }
    let (host, port) = match host_port.strip_prefix('[').map(|host| host.split_once(']')) {
        Some(Some((host, rest))) => (host, rest.strip_prefix(':').or(rest.is_empty().then_some(""))),
        Some(None) => return Err(unreadable()),
        None => host_port.split_once(':').map_or((host_port, Some("")), |(host, port)| (host, Some(port))),
    };
    let port = match port {
        Some("") => None,
        Some(port) => Some(port.parse().map_err(|_| unreadable())?),
        None => return Err(unreadable()),
    };

    let given = |text: &str| Ok::<_, Error>(Some(decode(text)?).filter(|text| !text.is_empty()));
    let mut draft =
        Draft { host: given(host)?, port, user: given(user)?, database: given(database)?, ..Draft::default() };
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        // Without a "=" it may be anything, a password too.
        let (name, value) = pair
            .split_once('=')
            .ok_or_else(|| Error::invalid_options("a parameter of the PostgreSQL URL has no value"))?;
        draft.set(&decode(name)?, decode(value)?)?;
    }
    draft.finish()
}

fn decode(text: &str) -> Result<String> {
    let bytes = percent_decode_str(text).collect::<Vec<u8>>();
    if bytes.contains(&0) {
        return Err(Error::invalid_options("the PostgreSQL URL has a NUL (%00) in it"));
    }
    String::from_utf8(bytes).map_err(|_| Error::invalid_options("the PostgreSQL URL isn't UTF-8 once it is decoded"))
}

fn password_in_url() -> Error {
    Error::invalid_options("the PostgreSQL URL has a password in it")
        .with_hint("take it out and add a `password` reference beside the URL, such as { file = \"...\" }")
}

/// What was read so far.
#[derive(Default)]
struct Draft {
    host: Option<String>,
    port: Option<u16>,
    user: Option<String>,
    database: Option<String>,
    application_name: Option<String>,
    options: Vec<(String, String)>,
    mode: Option<TlsMode>,
    tls: TlsSettings,
    timeout: Option<Duration>,
}

impl Draft {
    fn set(&mut self, name: &str, value: String) -> Result<()> {
        let repeated = match name {
            "host" => self.host.replace(value).is_some(),
            "port" => {
                let port = value.parse().map_err(|_| unreadable(name, &value, "a port from 1 to 65535"))?;
                self.port.replace(port).is_some()
            }
            "user" => self.user.replace(value).is_some(),
            "dbname" => self.database.replace(value).is_some(),
            "application_name" => self.application_name.replace(value).is_some(),
            "client_encoding" | "options" => {
                let repeated = self.options.iter().any(|(known, _)| known == name);
                self.options.push((name.to_owned(), value));
                repeated
            }
            "sslmode" => self.mode.replace(value.parse()?).is_some(),
            // libpq's word for the system's certificates, which are the default here.
            "sslrootcert" if value == "system" => self.tls.root_cert.is_some(),
            "sslrootcert" => self.tls.root_cert.replace(value.into()).is_some(),
            "sslcert" => self.tls.client_cert.replace(value.into()).is_some(),
            "sslkey" => self.tls.client_key.replace(value.into()).is_some(),
            "connect_timeout" => {
                let seconds = value.parse().ok().filter(|seconds| (1..=LONGEST_TIMEOUT).contains(seconds));
                let seconds = seconds.ok_or_else(|| unreadable(name, &value, "1 to 3600 seconds"))?;
                self.timeout.replace(Duration::from_secs(seconds)).is_some()
            }
            "password" | "sslpassword" => return Err(password_in_url()),
            _ => {
                return Err(Error::invalid_options(format!(
                    "the PostgreSQL URL's parameter \"{name}\" is not supported"
                ))
                .with_hint(
                    "supported are host, port, user, dbname, sslmode, sslrootcert, sslcert, sslkey, \
                         connect_timeout, application_name, client_encoding and options",
                ));
            }
        };
        if repeated {
            return Err(Error::invalid_options(format!("the PostgreSQL URL gives \"{name}\" twice")));
        }
        Ok(())
    }

    fn finish(self) -> Result<Location> {
        let port = self.port.unwrap_or(DEFAULT_PORT);
        if port == 0 {
            return Err(unreadable("port", "0", "a port from 1 to 65535"));
        }
        let host = self.host.ok_or_else(|| {
            Error::invalid_options("the PostgreSQL URL names no host")
                .with_hint("for a Unix socket, write postgresql:///database?host=/folder/of/the/socket")
        })?;
        let address = address(&host, port)?;
        let mode = self.mode.unwrap_or_else(|| TlsMode::default_for(&address));
        if self.tls.client_cert.is_some() != self.tls.client_key.is_some() {
            return Err(Error::invalid_options("the PostgreSQL URL has only one of sslcert and sslkey")
                .with_hint("a certificate needs its key: give both"));
        }
        Ok(Location {
            target: Target {
                address,
                tls: TlsSettings { mode, ..self.tls },
                connect_timeout: self.timeout.unwrap_or(DEFAULT_CONNECT_TIMEOUT),
            },
            user: self.user,
            database: self.database,
            application_name: self.application_name,
            options: self.options,
        })
    }
}

fn address(host: &str, port: u16) -> Result<Address> {
    if host.starts_with('/') {
        return Ok(Address::Unix { path: Path::new(host).join(format!(".s.PGSQL.{port}")) });
    }
    if host.contains(',') {
        return Err(Error::invalid_options("the PostgreSQL URL names several hosts")
            .with_hint("name one: a backup must know which server it reads"));
    }
    Ok(Address::Tcp { host: host.to_owned(), port })
}

fn unreadable(name: &str, value: &str, wanted: &str) -> Error {
    Error::invalid_options(format!("the PostgreSQL URL's {name} \"{value}\" can't be read"))
        .with_hint(format!("it must be {wanted}"))
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

    fn address_of(text: &str) -> String {
        parse(text).target.address.to_string()
    }

    #[test]
    fn the_front_of_a_url_says_who_where_and_what() {
        let location = parse("postgresql://joe@db.internal:6000/orders");
        assert_eq!(location.target.address, Address::Tcp { host: "db.internal".into(), port: 6000 });
        assert_eq!((location.user.as_deref(), location.database.as_deref()), (Some("joe"), Some("orders")));
    }

    #[test]
    fn the_port_is_5432_by_default() {
        assert_eq!(address_of("postgres://db"), "db:5432");
    }

    #[test]
    fn an_ipv6_address_is_in_brackets() {
        assert_eq!(parse("postgresql://[::1]:6000").target.address, Address::Tcp { host: "::1".into(), port: 6000 });
    }

    #[test]
    fn a_unix_socket_is_a_folder() {
        assert_eq!(address_of("postgresql:///db?host=/run/pg&port=6000"), "/run/pg/.s.PGSQL.6000");
        assert_eq!(address_of("postgresql://joe@/db?host=/run/pg"), "/run/pg/.s.PGSQL.5432");
        assert_eq!(address_of("postgresql://%2Frun%2Fpg/db"), "/run/pg/.s.PGSQL.5432");
    }

    #[test]
    fn names_are_percent_decoded() {
        let location = parse("postgresql://jo%40e@db/a%2Fb%20c?application_name=a+b%26c");
        assert_eq!(location.user.as_deref(), Some("jo@e"));
        assert_eq!(location.database.as_deref(), Some("a/b c"));
        assert_eq!(location.application_name.as_deref(), Some("a+b&c"), "a plus is a plus, as in libpq");
    }

    #[test]
    fn names_keep_their_case_and_their_script() {
        assert_eq!(parse("postgresql://J%C3%B6@h/B%C3%BCcher").database.as_deref(), Some("Bücher"));
        assert_eq!(parse("postgresql://Joe@h/Orders").user.as_deref(), Some("Joe"));
    }

    #[test]
    fn user_database_host_and_port_may_be_parameters() {
        let location = parse("postgresql://?host=db&port=6000&user=joe&dbname=orders");
        assert_eq!(location.target.address.to_string(), "db:6000");
        assert_eq!((location.user.as_deref(), location.database.as_deref()), (Some("joe"), Some("orders")));
    }

    #[test]
    fn other_machines_must_prove_who_they_are_unless_told_otherwise() {
        assert_eq!(parse("postgresql://db").target.tls.mode, TlsMode::VerifyFull);
        assert_eq!(parse("postgresql://127.0.0.1").target.tls.mode, TlsMode::Prefer);
        assert_eq!(parse("postgresql://[::1]").target.tls.mode, TlsMode::Prefer);
        assert_eq!(parse("postgresql:///?host=/run/pg").target.tls.mode, TlsMode::Prefer);
        assert_eq!(parse("postgresql://db?sslmode=require").target.tls.mode, TlsMode::Require);
        assert_eq!(parse("postgresql://localhost?sslmode=verify-full").target.tls.mode, TlsMode::VerifyFull);
    }

    #[test]
    fn tls_files_are_taken_over() {
        let tls = parse("postgresql://db?sslrootcert=/ca.pem&sslcert=/c.pem&sslkey=/k.pem").target.tls;
        assert_eq!(tls.root_cert.as_deref(), Some(Path::new("/ca.pem")));
        assert_eq!(tls.client_cert.as_deref(), Some(Path::new("/c.pem")));
        assert_eq!(tls.client_key.as_deref(), Some(Path::new("/k.pem")));
        assert_eq!(parse("postgresql://db?sslrootcert=system").target.tls.root_cert, None);
    }

    #[test]
    fn the_timeout_is_bounded() {
        assert_eq!(parse("postgresql://db").target.connect_timeout, Duration::from_secs(15));
        assert_eq!(parse("postgresql://db?connect_timeout=3").target.connect_timeout, Duration::from_secs(3));
        for timeout in ["0", "-1", "3601", "x", ""] {
            assert!(refusal(&format!("postgresql://db?connect_timeout={timeout}")).contains("connect_timeout"));
        }
    }

    #[test]
    fn session_options_are_passed_on() {
        let location = parse("postgresql://db?options=-c%20work_mem%3D1MB&client_encoding=LATIN1");
        let expected = [("options", "-c work_mem=1MB"), ("client_encoding", "LATIN1")];
        assert_eq!(location.options, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[test]
    fn a_password_is_refused_wherever_it_stands_and_never_shown() {
        for url in [
            "postgresql://joe:hunter2@db",
            "postgresql://db?password=hunter2",
            "postgresql://db?user=joe&p%61ssword=hunter2",
            "postgresql://db?sslpassword=hunter2",
        ] {
            let error = parse_url(url).unwrap_err();
            assert!(error.message().contains("password"), "{url}");
            assert!(error.hint().unwrap().contains("`password` reference"), "{url}");
            assert!(!format!("{error:?}").contains("hunter2"), "{url}");
        }
        for url in ["postgresql://joe:hunter2", "postgresql://joe:hunt@er2@db:port", "postgresql://db?hunter2"] {
            let error = format!("{:?}", parse_url(url).unwrap_err());
            assert!(!error.contains("hunt") && !error.contains("er2@"), "{error}");
        }
    }

    #[test]
    fn an_unknown_parameter_is_named() {
        for name in ["hostaddr", "service", "passfile", "servicefile", "requirepeer", "target_session_attrs", "x"] {
            assert!(refusal(&format!("postgresql://db?{name}=1")).contains(&format!("\"{name}\"")));
        }
    }

    #[test]
    fn nothing_may_be_said_twice() {
        assert!(refusal("postgresql://db?host=other").contains("\"host\" twice"));
        assert!(refusal("postgresql://joe@db?user=root").contains("\"user\" twice"));
        assert!(refusal("postgresql://db?sslmode=require&sslmode=disable").contains("\"sslmode\" twice"));
        assert!(refusal("postgresql://db:1?port=2").contains("\"port\" twice"));
        assert!(refusal("postgresql://db/a?dbname=b").contains("\"dbname\" twice"));
    }

    #[test]
    fn what_cant_be_meant_is_refused() {
        for url in [
            "mysql://db",
            "db:5432",
            "postgresql://",
            "postgresql:///db",
            "postgresql://a,b/db",
            "postgresql://?host=a,b",
            "postgresql://db:0",
            "postgresql://db:x",
            "postgresql://db:70000",
            "postgresql://[::1",
            "postgresql://[::1]6000",
            "postgresql://db?port=70000",
            "postgresql://db?sslmode=allow",
            "postgresql://db?sslmode",
            "postgresql://db?sslcert=/c.pem",
            "postgresql://db/a#b",
            "postgresql://db/a%00b",
            "postgresql://db/%ff",
        ] {
            refusal(url);
        }
    }
}
