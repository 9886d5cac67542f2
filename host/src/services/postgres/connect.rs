//! From an endpoint to a session: the operator's URL and secret, the operation's id, and nothing of the plugin's but
//! the database's name.

use std::sync::atomic::Ordering;

use zeroize::Zeroizing;

use super::client::{self, Client, Parameters};
use crate::error::{Error, Result};
use crate::services::{Context, Endpoint};

/// Opens a session, in UTF-8: the plugin sets what else it needs.
///
/// # Errors
/// If the URL can't be used, or the server can't be reached or refuses.
pub(super) async fn connect(endpoint: &Endpoint, database: Option<&str>, context: &Context) -> Result<Client> {
    let location = client::parse_url(endpoint.url().as_str())?;
    let user = location.user.ok_or_else(|| {
        Error::invalid_options("the instance's URL names no user")
            .with_hint("write it as postgresql://USER@HOST/DATABASE")
    })?;
    let parameters = Parameters {
        database: database.map(str::to_owned).or(location.database),
        password: endpoint.password().map(|p| Zeroizing::new(p.expose().to_owned())),
        // Ours, whatever the URL says: by the operation's id in it the operator, and cleaning up, find what is ours.
        application_name: Some(format!("cofferdam {}", context.operation)),
        options: location.options,
        user,
        ..Parameters::default()
    };
    let client = Client::connect(&location.target, &parameters, &context.cancel, &context.running).await?;
    context.let_in.store(true, Ordering::Relaxed);
    Ok(client)
}
