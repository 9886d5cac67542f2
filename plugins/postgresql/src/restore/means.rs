//! What the target has to make objects with.

use super::labels::MissingProviders;
use super::roles::Roles;
use super::tablespaces::Tablespaces;
use super::target::Target;
use super::wishes::Wishes;
use crate::session::Session;
use cofferdam_sdk::{Options, Result};

/// What the target has to make objects with.
#[derive(Debug, Default)]
pub struct Means {
    /// Its roles, and which stands for which of the source's.
    pub roles: Roles,
    /// Its tablespaces, and which stands for which of the source's.
    pub tablespaces: Tablespaces,
    /// The providers of security labels that it lacks.
    pub providers: MissingProviders,
}

impl Means {
    /// Asks the target.
    pub async fn read(session: &Session, target: &Target, options: &Options, wishes: &Wishes) -> Result<Self> {
        Ok(Self {
            roles: Roles::read(session).await?.wished(wishes),
            tablespaces: Tablespaces::read(session, options).await?,
            providers: MissingProviders::among(session, &target.label_providers).await?,
        })
    }
}
