//! `cofferdam:host/endpoint`: a configured instance as a handle. Only the host makes one.

use std::sync::Arc;

use wasmtime::component::{Access, Accessor, HasSelf, Resource};

use super::Services;
use super::bindings::cofferdam::host::endpoint::{ConnectionInfo, Host, HostEndpoint, HostEndpointWithStore};
use crate::connection_url::ConnectionUrl;
use crate::secrets::Secret;

/// One configured instance: where it is and the secret that opens it. The plugin holds a handle to it and sees
/// neither the secret nor a way to change the address.
#[derive(Clone)]
pub struct Endpoint(Arc<Inner>);

struct Inner {
    url: ConnectionUrl,
    password: Option<Secret>,
    default_port: Option<u16>,
}

/// The URL's parameters that a plugin may read: none of them can hold a secret or a path of the operator's.
const OPEN_PARAMETERS: [&str; 3] = ["sslmode", "connect_timeout", "application_name"];

impl Endpoint {
    /// An endpoint from the operator's configuration. The URL holds no password; where it names no port,
    /// `default_port` is meant.
    #[must_use]
    pub fn new(url: ConnectionUrl, password: Option<Secret>, default_port: Option<u16>) -> Self {
        Self(Arc::new(Inner { url, password, default_port }))
    }

    /// Whether it has a password.
    #[must_use]
    pub fn has_password(&self) -> bool {
        self.0.password.is_some()
    }

    /// The same instance with another password.
    #[must_use]
    pub fn with_password(&self, password: Secret) -> Self {
        Self::new(self.0.url.clone(), Some(password), self.0.default_port)
    }

    pub(super) fn default_port(&self) -> Option<u16> {
        self.0.default_port
    }

    pub(super) fn url(&self) -> &ConnectionUrl {
        &self.0.url
    }

    pub(super) fn password(&self) -> Option<&Secret> {
        self.0.password.as_ref()
    }

    fn info(&self) -> ConnectionInfo {
        let url = &self.0.url;
        ConnectionInfo {
            host: url.host().unwrap_or_default(),
            port: url.port().or(self.0.default_port).unwrap_or_default(),
            database: url.database(),
            user: url.user(),
            parameters: url
                .parameters()
                .filter(|(name, _)| OPEN_PARAMETERS.contains(&name.as_ref()))
                .map(|(name, value)| (name.into_owned(), value.into_owned()))
                .collect(),
        }
    }
}

impl Host for Services {}
impl HostEndpoint for Services {}

impl<T: Send + 'static> HostEndpointWithStore<T> for HasSelf<Services> {
    async fn info(mut access: Access<'_, T, Self>, endpoint: Resource<Endpoint>) -> wasmtime::Result<ConnectionInfo> {
        Ok(access.get().handles.get(&endpoint)?.info())
    }

    async fn drop(accessor: &Accessor<T, Self>, endpoint: Resource<Endpoint>) -> wasmtime::Result<()> {
        accessor.with(|mut a| a.get().handles.delete(endpoint).map(drop))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_plugin_reads_no_file_names_from_its_endpoint() {
        let url = "postgresql://b%40r@h:1/d?sslmode=require&sslkey=/etc/secret.key";
        let info = Endpoint::new(ConnectionUrl::parse(url).unwrap(), None, None).info();
        assert_eq!(info.user.as_deref(), Some("b@r"));
        assert_eq!(info.database.as_deref(), Some("d"));
        assert_eq!(info.parameters, [("sslmode".to_owned(), "require".to_owned())]);
    }
}
