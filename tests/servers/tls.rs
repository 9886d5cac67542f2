//! A certificate authority for one server, made anew each time.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

use super::unprivileged::User;
use crate::error::Result;

/// Writes `ca.crt`, `server.crt` and `server.key` (for localhost and 127.0.0.1) into `folder`, and gives the first.
pub(super) fn issue(folder: &Path, user: User) -> Result<PathBuf> {
    let mut authority = CertificateParams::default();
    authority.distinguished_name.push(DnType::CommonName, "Cofferdam test authority");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;

    let key = KeyPair::generate()?;
    let server = CertificateParams::new(["localhost".to_owned(), "127.0.0.1".to_owned()])?;
    let certificate = server.signed_by(&key, &authority)?;

    let path = folder.join("ca.crt");
    fs::write(&path, authority.pem())?;
    fs::write(folder.join("server.crt"), certificate.pem())?;
    fs::write(folder.join("server.key"), key.serialize_pem())?;
    fs::set_permissions(folder.join("server.key"), Permissions::from_mode(0o600))?;
    for file in ["ca.crt", "server.crt", "server.key"] {
        user.own(&folder.join(file))?;
    }
    Ok(path)
}
