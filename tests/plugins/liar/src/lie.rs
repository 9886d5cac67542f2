//! Which lie is told.

use cofferdam_sdk::Endpoint;

/// A lie, by its name.
pub struct Lie(String);

impl Lie {
    /// Who logs in says which.
    pub fn of(endpoint: &Endpoint) -> Self {
        Self(endpoint.info().user.unwrap_or_default())
    }

    /// Whether it is this one.
    pub fn is(&self, name: &str) -> bool {
        self.0 == name
    }
}
