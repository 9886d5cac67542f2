//! Reading what belongs to the server.

use super::{EVERYBODY, MEMBERSHIP, PARAMETER, ROLE, ROLE_LABEL, ROLE_SETTING, TABLESPACE, with_passwords};
use crate::backup::units::note;
use crate::catalog::census;
use crate::catalog::rows::Catalogue;
use crate::entry::Entry;
use crate::quote::{ident, literal};
use cofferdam_sdk::engine::Note;
use cofferdam_sdk::{Options, Result};
use serde::Deserialize;

/// What belongs to the server.
pub struct Globals {
    /// The entries of the unit.
    pub entries: Vec<Entry>,
    /// The names of the roles.
    pub roles: Vec<String>,
    /// How many there are, counted apart.
    pub census: Vec<census::Row>,
    /// What couldn't be read.
    pub notes: Vec<Note>,
}

#[derive(Deserialize)]
struct Role {
    name: String,
    statement: String,
    /// NULL makes it a statement that takes the password away, which a new role doesn't have anyway.
    password: String,
    comment: Option<String>,
    settings: Option<Vec<String>>,
    labels: Option<Vec<Label>>,
}

#[derive(Deserialize)]
struct Label {
    provider: String,
    label: String,
}

#[derive(Deserialize)]
struct Membership {
    role: String,
    member: String,
    statement: String,
}

#[derive(Deserialize)]
struct Parameter {
    parameter: String,
    /// None for everybody.
    role: Option<String>,
    statement: String,
}

#[derive(Deserialize)]
struct Tablespace {
    name: String,
    statement: String,
    privileges: Option<Vec<String>>,
    comment: Option<String>,
    labels: Option<Vec<String>>,
}

impl Globals {
    /// Reads it. Passwords are what the server keeps of them, SCRAM's verifiers as a rule.
    pub async fn read(catalogue: Catalogue<'_>, settings: &Options) -> Result<Self> {
        let wanted = with_passwords(settings)?;
        let may = "SELECT pg_catalog.has_table_privilege('pg_catalog.pg_authid', 'SELECT')";
        let may = catalogue.connection.value(may).await?.as_deref() == Some("t");
        let (password, source) = if wanted && may { ("r.rolpassword", "pg_authid") } else { ("NULL", "pg_roles") };
        let query = include_str!("roles.sql").replace("$password", password).replace("$roles", source);
        let roles: Vec<Role> = catalogue.rows(&query).await?;
        let memberships: Vec<Membership> = catalogue.rows(include_str!("memberships.sql")).await?;
        let parameters: Vec<Parameter> = catalogue.rows(include_str!("parameters.sql")).await?;
        let tablespaces: Vec<Tablespace> = catalogue.rows(include_str!("tablespaces.sql")).await?;
        let census = catalogue.rows(include_str!("census.sql")).await?;
        let mut notes = Vec::new();
        if wanted && !may {
            let user = catalogue.connection.value("SELECT pg_catalog.quote_ident(current_user)").await?;
            let reason = format!(
                "the role may not read them: GRANT SELECT ON pg_catalog.pg_authid TO {}, or leave them out by \
                 --no-role-passwords",
                user.unwrap_or_default()
            );
            notes.push(note("left-out", "passwords of roles", reason));
        }
        let names = roles.iter().map(|role| role.name.clone()).collect();
        let with_password = wanted && may;
        let entries = roles.into_iter().flat_map(|role| role.into_entries(with_password));
        let entries = entries
            .chain(memberships.into_iter().map(Membership::into_entry))
            .chain(parameters.into_iter().map(Parameter::into_entry))
            .chain(tablespaces.into_iter().map(Tablespace::into_entry));
        Ok(Self { entries: entries.collect(), roles: names, census, notes })
    }
}

impl Role {
    fn into_entries(self, with_password: bool) -> Vec<Entry> {
        let object = format!("ROLE {}", ident(&self.name));
        let labels =
            self.labels.unwrap_or_default().into_iter().map(|label| label.into_entry(&object)).collect::<Vec<_>>();
        let settings = self.settings.unwrap_or_default();
        let number = settings.len() as u64;
        let mut sql = vec![self.statement];
        sql.extend(Some(self.password).filter(|_| with_password));
        sql.extend(settings.into_iter().chain(self.comment));
        let mut entry = Entry::new(object, sql).carrying(ROLE);
        entry.carries.add(ROLE_SETTING, number);
        std::iter::once(entry).chain(labels).collect()
    }
}

impl Label {
    /// `role` is how statements call the role that it is on.
    fn into_entry(self, role: &str) -> Entry {
        let provider = ident(&self.provider);
        let sql = format!("SECURITY LABEL FOR {provider} ON {role} IS {}", literal(&self.label));
        let mut entry = Entry::new(role, vec![sql]).carrying(ROLE_LABEL);
        entry.label_provider = Some(self.provider);
        entry
    }
}

impl Membership {
    fn into_entry(self) -> Entry {
        let needs = [&self.role, &self.member].map(|role| format!("ROLE {}", ident(role))).to_vec();
        let object = format!("MEMBERSHIP of {} in {}", ident(&self.member), ident(&self.role));
        Entry { needs, ..Entry::new(object, vec![self.statement]).carrying(MEMBERSHIP) }
    }
}

impl Parameter {
    fn into_entry(self) -> Entry {
        let grantee = self.role.map_or(EVERYBODY.to_owned(), |role| format!("ROLE {}", ident(&role)));
        let object = format!("PRIVILEGES of {grantee} on PARAMETER {}", ident(&self.parameter));
        Entry { needs: vec![grantee], ..Entry::new(object, vec![self.statement]).carrying(PARAMETER) }
    }
}

impl Tablespace {
    fn into_entry(self) -> Entry {
        let mut sql = vec![self.statement];
        sql.extend(self.privileges.unwrap_or_default());
        sql.extend(self.comment);
        sql.extend(self.labels.unwrap_or_default());
        Entry::new(format!("TABLESPACE {}", ident(&self.name)), sql).carrying(TABLESPACE)
    }
}
