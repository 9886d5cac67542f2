//! Routines, triggers, events and views: what holds text that somebody wrote, in the character set in which it was
//! written. Their texts are the bytes as they are stored, see `lossless`.

use cofferdam_sdk::{Error, Result, lossless};

use super::Relation;
use crate::session::Session;
use crate::{sql, trigger};

/// A routine, trigger, event or view, with what it has to be made with.
pub struct Program {
    /// "PROCEDURE", "FUNCTION", "PACKAGE", "PACKAGE BODY", "VIEW", "TRIGGER" or "EVENT".
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// The statement that makes it.
    pub statement: String,
    /// How it is read; a view doesn't say.
    pub sql_mode: Option<String>,
    /// The character set of its text.
    pub charset: String,
    /// The collation that its texts are compared by.
    pub collation: String,
    /// An event's own time zone.
    pub time_zone: Option<String>,
}

/// Routines with packages first, then triggers in the order in which they fire, then events. `USE` must have chosen the
/// database.
///
/// # Errors
/// "permission-denied" for a body that the user may not see: without it nothing could be made.
pub async fn programs(session: &mut Session, database: &str) -> Result<Vec<Program>> {
    let schema = sql::text(database);
    let mut found = Vec::new();
    for kind in ["PACKAGE", "PACKAGE BODY", "FUNCTION", "PROCEDURE"] {
        let query = format!(
            "SELECT ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = {schema} AND \
             ROUTINE_TYPE = '{kind}' ORDER BY 1"
        );
        for name in session.column(query).await? {
            found.push(show(session, kind, name).await?);
        }
    }
    let query = format!(
        "SELECT TRIGGER_NAME, DEFINER, ACTION_TIMING, EVENT_MANIPULATION, EVENT_OBJECT_TABLE \
         FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = {schema} \
         ORDER BY EVENT_OBJECT_TABLE, EVENT_MANIPULATION, ACTION_TIMING, ACTION_ORDER"
    );
    for row in super::texts(session.rows(query).await?)? {
        let [name, definer, timing, event, table] = row.as_slice() else { continue };
        let mut program = show(session, "TRIGGER", name.clone()).await?;
        let head = format!(
            "CREATE DEFINER={} TRIGGER {} {timing} {event} ON {} FOR EACH ROW",
            sql::account(definer),
            sql::name(name),
            sql::name(table)
        );
        program.statement = trigger::unqualified(program.statement, &head)
            .ok_or_else(|| Error::corrupt(format!("the statement of the trigger {name} can't be read")))?;
        found.push(program);
    }
    let query = format!("SELECT EVENT_NAME FROM information_schema.EVENTS WHERE EVENT_SCHEMA = {schema} ORDER BY 1");
    for name in session.column(query).await? {
        found.push(show(session, "EVENT", name).await?);
    }
    Ok(found)
}

/// Views; what of them the server itself can't read comes with the reason.
///
/// # Errors
/// What the server says.
pub async fn views(session: &mut Session, relations: &[Relation]) -> Result<(Vec<Program>, Vec<(String, String)>)> {
    let (mut views, mut broken) = (Vec::new(), Vec::new());
    for view in relations.iter().filter(|relation| relation.kind == "VIEW") {
        let name = sql::name(&view.name);
        match session.rows(format!("SELECT 1 FROM {name} WHERE FALSE")).await {
            Ok(_) => {}
            // Its definer isn't there; it can be made all the same.
            Err(error) if error.has_engine_code("1449") => {}
            // A view that names what isn't there any more.
            Err(error) if matches!(error.engine_code.as_deref(), Some("1356" | "1146" | "1054" | "1305")) => {
                broken.push((view.name.clone(), error.message));
                continue;
            }
            Err(error) => return Err(error.while_doing(format!("view {}", view.name))),
        }
        let row = raw(session, &format!("SHOW CREATE VIEW {name}")).await?;
        let [_, statement, charset, collation] = row.as_slice() else {
            return Err(Error::corrupt(format!("the server doesn't say how the view {} is made", view.name)));
        };
        if statement.is_empty() {
            return Err(hidden("VIEW", &view.name));
        }
        views.push(Program {
            kind: "VIEW",
            name: view.name.clone(),
            statement: statement.clone(),
            sql_mode: None,
            charset: charset.clone(),
            collation: collation.clone(),
            time_zone: None,
        });
    }
    Ok((views, broken))
}

async fn show(session: &mut Session, kind: &'static str, name: String) -> Result<Program> {
    let row = raw(session, &format!("SHOW CREATE {kind} {}", sql::name(&name))).await?;
    // Name, sql_mode, (for events the time zone,) statement, character set, collation.
    let statement_at = if kind == "EVENT" { 3 } else { 2 };
    let cell = |place: usize| row.get(place).cloned().unwrap_or_default();
    let statement = cell(statement_at);
    if statement.is_empty() {
        return Err(hidden(kind, &name));
    }
    Ok(Program {
        kind,
        name,
        statement,
        sql_mode: Some(cell(1)),
        charset: cell(statement_at + 1),
        collation: cell(statement_at + 2),
        time_zone: (kind == "EVENT").then(|| cell(2)),
    })
}

/// The row of a statement that gives one, in the character sets in which it is stored.
async fn raw(session: &mut Session, statement: &str) -> Result<Vec<String>> {
    session.run("SET character_set_results = NULL").await?;
    let rows = session.rows(statement).await;
    session.run("SET character_set_results = utf8mb4").await?;
    let row = rows?.into_iter().next().unwrap_or_default();
    Ok(row.into_iter().map(|cell| lossless::text(cell.unwrap_or_default())).collect())
}

fn hidden(kind: &str, name: &str) -> Error {
    Error::permission_denied(format!("the user may not see the text of the {kind} {name}"))
        .with_hint("`cofferdam instance check` says which privileges are missing, and how to grant them")
}
