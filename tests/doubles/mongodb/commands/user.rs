//! Users and roles (MongoDB manual, "User Management Commands", "Role Management Commands"): documents of
//! `admin.system.users` and `admin.system.roles`. Who logged in may do everything; privileges aren't modelled.

use bson::{Bson, Document, doc};

use super::{Connection, login, reply};
use crate::doubles::mongodb::bson::Writer;
use crate::doubles::mongodb::failure::{
    BAD_VALUE, Failure, ROLE_ALREADY_EXISTS, ROLE_NOT_FOUND, Result, USER_ALREADY_EXISTS, USER_NOT_FOUND,
};
use crate::doubles::mongodb::query::{self, decode};
use crate::doubles::mongodb::request::Request;
use crate::doubles::mongodb::store::Store;

const USERS: &str = "admin.system.users";
const ROLES: &str = "admin.system.roles";

impl Store {
    /// Makes a user with a password.
    ///
    /// # Errors
    /// [`USER_ALREADY_EXISTS`].
    pub fn create_user(&mut self, database: &str, name: &str, credentials: Document, more: Document) -> Result<()> {
        let id = format!("{database}.{name}");
        if self.collection(USERS).is_some_and(|users| users.find(&query::key(&id.clone().into())).is_some()) {
            return Err(Failure::new(USER_ALREADY_EXISTS, format!("User \"{name}@{database}\" already exists")));
        }
        let mut user =
            doc! { "_id": id, "userId": bson::Uuid::new(), "user": name, "db": database, "credentials": credentials };
        user.extend(more);
        self.insert(USERS, &user)
    }
}

pub(super) fn create_user(store: &mut Store, _: &mut Connection, request: &Request) -> Result<Writer> {
    let name = request.string("createUser")?;
    let password = request.string("pwd")?;
    let mechanisms: Vec<&str> = match request.body.get("mechanisms") {
        None => vec!["SCRAM-SHA-1", "SCRAM-SHA-256"],
        Some(given) => given.as_array().into_iter().flatten().filter_map(Bson::as_str).collect(),
    };
    let credentials = login::credentials(name, password, &mechanisms);
    let mut more = doc! { "roles": references(request, "roles")? };
    for field in ["customData", "authenticationRestrictions"] {
        if let Some(value) = request.body.get(field) {
            more.insert(field, value.clone());
        }
    }
    store.create_user(&request.database, name, credentials, more)?;
    Ok(Writer::default())
}

/// A role of the same database may be named by its name alone.
fn references(request: &Request, field: &str) -> Result<Vec<Bson>> {
    let full = |role: &Bson| match role {
        Bson::String(name) => Bson::Document(doc! { "role": name, "db": &request.database }),
        other => other.clone(),
    };
    Ok(request.array(field)?.iter().map(full).collect())
}

pub(super) fn create_role(store: &mut Store, _: &mut Connection, request: &Request) -> Result<Writer> {
    let name = request.string("createRole")?;
    let id = format!("{}.{name}", request.database);
    if store.collection(ROLES).is_some_and(|roles| roles.find(&query::key(&id.clone().into())).is_some()) {
        return Err(Failure::new(ROLE_ALREADY_EXISTS, format!("Role \"{name}@{}\" already exists", request.database)));
    }
    let mut role = doc! { "_id": id, "role": name, "db": &request.database };
    role.extend(doc! { "privileges": request.array("privileges")?.to_vec(), "roles": references(request, "roles")? });
    if let Some(restrictions) = request.body.get("authenticationRestrictions") {
        role.insert("authenticationRestrictions", restrictions.clone());
    }
    store.insert(ROLES, &role)?;
    Ok(Writer::default())
}

pub(super) fn drop_user(store: &mut Store, _: &mut Connection, request: &Request) -> Result<Writer> {
    let missing = Failure::new(USER_NOT_FOUND, format!("User '{}' not found", request.string("dropUser")?));
    remove(store, request, USERS, missing)
}

pub(super) fn drop_role(store: &mut Store, _: &mut Connection, request: &Request) -> Result<Writer> {
    let missing = Failure::new(ROLE_NOT_FOUND, format!("Role '{}' not found", request.string("dropRole")?));
    remove(store, request, ROLES, missing)
}

fn remove(store: &mut Store, request: &Request, namespace: &str, missing: Failure) -> Result<Writer> {
    let id = query::key(&format!("{}.{}", request.database, request.string(&request.name)?).into());
    if store.collection(namespace).and_then(|collection| collection.find(&id)).is_none() {
        return Err(missing);
    }
    store.remove_id(namespace, &id)?;
    Ok(Writer::default())
}

pub(super) fn users(store: &mut Store, _: &mut Connection, request: &Request) -> Result<Writer> {
    let mut found = Vec::new();
    for mut user in wanted(store, request, USERS, "user")? {
        if let Ok(credentials) = user.get_document("credentials") {
            let mechanisms: Vec<String> = credentials.keys().cloned().collect();
            user.insert("mechanisms", mechanisms);
        }
        if !request.flag("showCredentials") {
            user.remove("credentials");
        }
        if !request.flag("showAuthenticationRestrictions") {
            user.remove("authenticationRestrictions");
        }
        if request.body.get("showCustomData").is_some_and(|show| !query::truth(show)) {
            user.remove("customData");
        }
        found.push(user);
    }
    Ok(reply(doc! { "users": found }))
}

pub(super) fn roles(store: &mut Store, _: &mut Connection, request: &Request) -> Result<Writer> {
    if request.flag("showBuiltinRoles") {
        return Err(Failure::not_modelled("built-in roles in rolesInfo"));
    }
    let mut found = Vec::new();
    for mut role in wanted(store, request, ROLES, "role")? {
        if !request.flag("showPrivileges") {
            role.remove("privileges");
        }
        if !request.flag("showAuthenticationRestrictions") {
            role.remove("authenticationRestrictions");
        }
        role.extend(doc! { "isBuiltin": false });
        found.push(role);
    }
    Ok(reply(doc! { "roles": found }))
}

/// `1` is all of the database, `{ forAllDBs: true }` all there are, else names and `{ user, db }` alone or in an array.
fn wanted(store: &Store, request: &Request, namespace: &str, kind: &str) -> Result<Vec<Document>> {
    let all = super::read::documents(store, namespace, None)?;
    let all = all.iter().map(|document| decode(document)).collect::<Result<Vec<_>>>()?;
    let is = |document: &Document, name: &str, database: &str| {
        document.get_str(kind).ok() == Some(name) && document.get_str("db").ok() == Some(database)
    };
    let fits = |document: &Document, one: &Bson| match one {
        Bson::String(name) => is(document, name, &request.database),
        Bson::Document(one) if one.get("forAllDBs").is_some_and(query::truth) => true,
        Bson::Document(one) => {
            is(document, one.get_str(kind).unwrap_or_default(), one.get_str("db").unwrap_or_default())
        }
        other => query::truth(other) && document.get_str("db").ok() == Some(request.database.as_str()),
    };
    let asked = request.body.get(&request.name).cloned().unwrap_or(Bson::Null);
    let asked = match asked {
        Bson::Array(several) => several,
        one => vec![one],
    };
    Ok(all.into_iter().filter(|document| asked.iter().any(|one| fits(document, one))).collect())
}

/// What `mongorestore` puts users and roles back with (mongo-tools, `mongorestore/metadata.go`, `RestoreUsersOrRoles`): the
/// documents of a collection become those of `admin.system.users` or `admin.system.roles`.
pub(super) fn merge(store: &mut Store, _: &mut Connection, request: &Request) -> Result<Writer> {
    let database = request.body.get_str("db").unwrap_or_default();
    for (field, target) in [("tempUsersCollection", USERS), ("tempRolesCollection", ROLES)] {
        let Ok(source) = request.body.get_str(field) else { continue };
        if !source.starts_with("admin.") {
            return Err(Failure::new(BAD_VALUE, format!("{field} must be a collection of admin")));
        }
        let documents = super::read::documents(store, source, None)?;
        let mut kept = Vec::new();
        for document in &documents {
            let fields = decode(document)?;
            if database.is_empty() || fields.get_str("db").ok() == Some(database) {
                let id = crate::doubles::mongodb::bson::Key::of(document, "_id");
                store.remove_id(target, &id)?;
                store.insert_bytes(target, document.clone())?;
                kept.push(id);
            }
        }
        if request.flag("drop") {
            for document in super::read::documents(store, target, None)? {
                let id = crate::doubles::mongodb::bson::Key::of(&document, "_id");
                let other = !database.is_empty() && decode(&document)?.get_str("db").ok() != Some(database);
                if !kept.contains(&id) && !other {
                    store.remove_id(target, &id)?;
                }
            }
        }
    }
    Ok(Writer::default())
}
