//! Who we are for the server.

use std::fmt;

use zeroize::Zeroizing;

/// What a session starts with.
#[derive(Clone, Default)]
pub struct Parameters {
    /// The role to log in as.
    pub user: String,
    /// Its password, if the server should ask for one.
    pub password: Option<Zeroizing<String>>,
    /// The database; none stands for the one that is named like the user.
    pub database: Option<String>,
    /// How the session shows in `pg_stat_activity`.
    pub application_name: Option<String>,
    /// More of the startup message's parameters: settings that the role may set. `client_encoding` is UTF8 unless it
    /// is among them.
    pub options: Vec<(String, String)>,
    /// Whether the password itself may be sent over a connection that is neither encrypted nor a Unix socket, if the
    /// server asks for it.
    pub allow_cleartext_password: bool,
}

impl Parameters {
    /// The startup message's parameters, in order (PostgreSQL docs 55.7, StartupMessage).
    pub(super) fn startup(&self) -> Vec<(&str, &str)> {
        let mut startup = vec![("user", self.user.as_str())];
        startup.extend(self.database.as_deref().map(|database| ("database", database)));
        startup.extend(self.application_name.as_deref().map(|name| ("application_name", name)));
        if !self.options.iter().any(|(name, _)| name == "client_encoding") {
            startup.push(("client_encoding", "UTF8"));
        }
        startup.extend(self.options.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        startup
    }
}

impl fmt::Debug for Parameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parameters").field("startup", &self.startup()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_is_not_shown() {
        let password = Some(Zeroizing::new("hunter2".to_owned()));
        let parameters = Parameters { user: "joe".into(), password, ..Parameters::default() };
        assert_eq!(format!("{parameters:?}").matches("hunter2").count(), 0);
    }

    #[test]
    fn the_encoding_is_utf8_unless_another_is_asked_for() {
        let mut parameters = Parameters { user: "joe".into(), ..Parameters::default() };
        assert_eq!(parameters.startup(), [("user", "joe"), ("client_encoding", "UTF8")]);
        parameters.options.push(("client_encoding".into(), "SQL_ASCII".into()));
        assert_eq!(parameters.startup(), [("user", "joe"), ("client_encoding", "SQL_ASCII")]);
    }
}
