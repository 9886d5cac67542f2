//! Puts TLS on a connection.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{CertificateError, ClientConfig, RootCertStore};
use tokio_rustls::TlsConnector;

use super::verify::WithoutName;
use super::{Stream, TlsMode, TlsSettings};
use crate::error::{Error, Result};

/// Puts TLS on `stream`, which must be in the clear, and checks the server as `settings` demand. `host` is the name
/// or address that was dialled: the certificate must be for it in [`TlsMode::VerifyFull`], and the server is told it
/// (SNI) in every mode.
///
/// Doesn't limit the time; whoever calls it does.
///
/// # Errors
/// `invalid-options` for a certificate or key file that can't be used; `unreachable` if the handshake fails, not
/// retryable if it fails over the certificate.
pub async fn start_tls(stream: Stream, settings: &TlsSettings, host: &str) -> Result<Stream> {
    let Stream::Plain(plain) = stream else {
        return Err(Error::internal(format!("the connection to {host} has TLS already")));
    };
    let config = config(settings)?;
    let name = ServerName::try_from(host.to_owned()).map_err(|cause| {
        Error::invalid_options(format!("\"{host}\" can't be the name in a certificate")).with_cause(cause)
    })?;
    match TlsConnector::from(Arc::new(config)).connect(name, plain).await {
        Ok(tls) => Ok(Stream::Tls(Box::new(tls))),
        Err(cause) => Err(failed(host, settings, cause)),
    }
}

fn config(settings: &TlsSettings) -> Result<ClientConfig> {
    let provider = Arc::new(ring::default_provider());
    let verifier = verifier(settings, &provider)?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|cause| Error::internal("TLS can't be set up").with_cause(cause))?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    match (&settings.client_cert, &settings.client_key) {
        (None, None) => Ok(config.with_no_client_auth()),
        (Some(cert), Some(key)) => {
            let private = PrivateKeyDer::from_pem_file(key).map_err(|cause| unusable(key, "a private key", cause))?;
            config.with_client_auth_cert(certificates(cert)?, private).map_err(|cause| {
                Error::invalid_options(format!("{} and {} don't go together", cert.display(), key.display()))
                    .with_cause(cause)
            })
        }
        _ => Err(Error::invalid_options("a client certificate and its key must be given together")
            .with_hint("set both sslcert and sslkey, or none of them")),
    }
}

fn verifier(settings: &TlsSettings, provider: &Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>> {
    let provider = provider.clone();
    Ok(match settings.mode {
        TlsMode::VerifyFull => WebPkiServerVerifier::builder_with_provider(roots(settings)?, provider)
            .build()
            .map_err(|cause| Error::internal("the certificates to trust can't be used").with_cause(cause))?,
        TlsMode::VerifyCa => Arc::new(WithoutName::signed_by(roots(settings)?, provider)),
        TlsMode::Require if settings.root_cert.is_some() => {
            Arc::new(WithoutName::signed_by(roots(settings)?, provider))
        }
        TlsMode::Require | TlsMode::Prefer | TlsMode::Disable => Arc::new(WithoutName::anybody(provider)),
    })
}

fn roots(settings: &TlsSettings) -> Result<Arc<RootCertStore>> {
    let Some(file) = &settings.root_cert else { return system_roots() };
    let mut roots = RootCertStore::empty();
    for certificate in certificates(file)? {
        roots.add(certificate).map_err(|cause| unusable(file, "a certificate", cause))?;
    }
    Ok(Arc::new(roots))
}

/// The system's certificates, read once: a session for each worker would read hundreds of files each time.
fn system_roots() -> Result<Arc<RootCertStore>> {
    static ROOTS: OnceLock<Arc<RootCertStore>> = OnceLock::new();
    let roots = ROOTS.get_or_init(|| {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        Arc::new(roots)
    });
    if roots.is_empty() {
        return Err(Error::invalid_options("this machine has no certificates to trust")
            .with_hint("install ca-certificates, or name a file with sslrootcert"));
    }
    Ok(roots.clone())
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let certificates: Vec<_> = CertificateDer::pem_file_iter(file)
        .and_then(Iterator::collect)
        .map_err(|cause| unusable(file, "a certificate", cause))?;
    if certificates.is_empty() {
        return Err(Error::invalid_options(format!("{} holds no certificate", file.display()))
            .with_hint("it must be a PEM file, with -----BEGIN CERTIFICATE-----"));
    }
    Ok(certificates)
}

fn unusable(file: &Path, what: &str, cause: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::invalid_options(format!("{} can't be read as {what}", file.display()))
        .with_cause(cause)
        .with_hint("it must be a PEM file that this user may read, and a key must not be encrypted")
}

fn failed(host: &str, settings: &TlsSettings, cause: std::io::Error) -> Error {
    let mode = settings.mode.as_str();
    let hint = match cause.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(rustls::Error::InvalidCertificate(reason)) => Some(hint(reason, mode)),
        _ => None,
    };
    let error = Error::unreachable(format!("TLS with {host} failed"));
    match hint {
        Some(hint) => error.with_hint(hint),
        None => error.retryable(true),
    }
    .with_cause(cause)
}

fn hint(reason: &CertificateError, mode: &str) -> String {
    match reason {
        CertificateError::UnknownIssuer => format!(
            "sslmode={mode} wants a certificate that a trusted authority signed: name the authority's file with \
             sslrootcert=FILE; sslmode=require without it encrypts without checking who answers"
        ),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => format!(
            "sslmode={mode} wants a certificate for the name that is dialled (a subjectAltName, not the common \
             name): dial a name that the certificate has, or use sslmode=verify-ca"
        ),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "the server's certificate needs to be renewed, or this machine's clock is wrong".into()
        }
        _ => "the server's certificate can't be trusted: have it made anew; a self-signed one must not be marked as \
              an authority (CA:FALSE)"
            .into(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;

    #[test]
    fn a_key_without_its_certificate_is_refused() {
        let settings = TlsSettings { mode: TlsMode::Require, client_key: Some("/x".into()), ..Default::default() };
        assert!(config(&settings).unwrap_err().message().contains("together"));
    }

    #[test]
    fn a_root_file_that_is_missing_or_empty_is_named() {
        let empty = tempfile::NamedTempFile::new().unwrap();
        for file in [Path::new("/nonexistent/ca.pem"), empty.path()] {
            for mode in [TlsMode::Require, TlsMode::VerifyCa, TlsMode::VerifyFull] {
                let settings = TlsSettings { mode, root_cert: Some(file.into()), ..Default::default() };
                let error = config(&settings).unwrap_err();
                assert_eq!(error.code(), "invalid-options");
                assert!(error.message().contains(file.to_str().unwrap()), "{error}");
            }
        }
    }
}
