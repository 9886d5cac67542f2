//! Where an instance's URL leads, for engines whose protocol the host doesn't know.

use std::path::Path;
use std::time::Duration;

use crate::connection_url::ConnectionUrl;
use crate::dial::{Address, Target};
use crate::error::{Error, Result};

/// Reads where to connect: `host` (a name, an address, or the path of a Unix socket), `port`, and the parameters
/// `sslmode` (disable, prefer, require, verify-ca, verify-full), `sslrootcert`, `sslcert`, `sslkey` and
/// `connect_timeout` (1 to 3600 s). Other parameters are the engine's.
///
/// # Errors
/// `invalid-options`, naming what is missing or can't be read.
pub(super) fn target(url: &ConnectionUrl, default_port: Option<u16>) -> Result<Target> {
    let host = url.host().ok_or_else(|| {
        Error::invalid_options("the instance's URL names no host").with_hint("write it as ENGINE://USER@HOST/DATABASE")
    })?;
    let address = if host.starts_with('/') {
        Address::Unix { path: Path::new(&host).to_owned() }
    } else {
        let port = url.port().or(default_port).filter(|port| *port != 0).ok_or_else(|| {
            Error::invalid_options("the instance's URL names no port, and its engine has none of its own")
                .with_hint("write it as ENGINE://USER@HOST:PORT/DATABASE")
        })?;
        Address::Tcp { host, port }
    };
    let mut target = Target::new(address);
    for (name, value) in url.parameters() {
        match name.as_ref() {
            "sslmode" => target.tls.mode = value.parse()?,
            // libpq's word for the system's certificates, which are the default.
            "sslrootcert" if value == "system" => target.tls.root_cert = None,
            "sslrootcert" => target.tls.root_cert = Some(value.as_ref().into()),
            "sslcert" => target.tls.client_cert = Some(value.as_ref().into()),
            "sslkey" => target.tls.client_key = Some(value.as_ref().into()),
            "connect_timeout" => {
                let seconds = value.parse().ok().filter(|seconds| (1..=3600).contains(seconds)).ok_or_else(|| {
                    Error::invalid_options(format!("connect_timeout \"{value}\" can't be read"))
                        .with_hint("it must be 1 to 3600 seconds")
                })?;
                target.connect_timeout = Duration::from_secs(seconds);
            }
            _ => {}
        }
    }
    Ok(target)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::dial::TlsMode;

    fn read(url: &str) -> Result<Target> {
        target(&ConnectionUrl::parse(url).unwrap(), Some(3306))
    }

    #[test]
    fn the_engines_port_is_meant_where_none_is_named() {
        assert_eq!(read("mysql://u@db/shop").unwrap().address.to_string(), "db:3306");
        assert_eq!(read("mysql://u@db:4000/shop").unwrap().address.to_string(), "db:4000");
        assert!(target(&ConnectionUrl::parse("x://db").unwrap(), None).is_err());
    }

    #[test]
    fn a_path_is_a_unix_socket() {
        assert_eq!(read("mysql://u@/shop?host=/run/m.sock").unwrap().address.to_string(), "/run/m.sock");
    }

    #[test]
    fn tls_is_checked_in_full_unless_said_otherwise() {
        assert_eq!(read("mysql://u@db/shop").unwrap().tls.mode, TlsMode::VerifyFull);
        assert_eq!(read("mysql://u@127.0.0.1/shop").unwrap().tls.mode, TlsMode::Prefer);
        assert_eq!(read("mysql://u@db/shop?sslmode=require").unwrap().tls.mode, TlsMode::Require);
        assert!(read("mysql://u@db/shop?sslmode=maybe").is_err());
    }

    #[test]
    fn a_time_out_out_of_range_is_refused() {
        assert!(read("mysql://u@db/shop?connect_timeout=0").is_err());
        assert!(read("mysql://u@db/shop?connect_timeout=3601").is_err());
    }
}
