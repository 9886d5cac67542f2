//! What belongs to the server and not to a database: roles, their passwords and settings, memberships, tablespaces.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use std::time::Duration;

use cofferdam_tests::cofferdam::Cofferdam;
use cofferdam_tests::servers::{Major, Postgresql};

const MINUTES: Duration = Duration::from_secs(300);

/// Roles with everything that a role can have, one of them with a name that needs quoting.
const ROLES: &str = r#"
    CREATE ROLE "Big ""Boss"" 'x" LOGIN CREATEDB CREATEROLE REPLICATION BYPASSRLS CONNECTION LIMIT 7
        VALID UNTIL '2040-01-02 03:04:05+00' PASSWORD 'boss-secret';
    CREATE ROLE clerk NOINHERIT LOGIN PASSWORD 'clerk-secret';
    CREATE ROLE staff;
    ALTER ROLE clerk SET work_mem = '7MB';
    ALTER ROLE clerk SET search_path = app, "odd name", public;
    ALTER ROLE clerk SET application_name = 'it''s';
    COMMENT ON ROLE clerk IS 'writes, a lot';
    GRANT staff TO clerk WITH ADMIN OPTION;
    GRANT clerk TO "Big ""Boss"" 'x";
    GRANT pg_read_all_data TO staff;
    GRANT clerk TO pg_monitor;
    ALTER DATABASE shop OWNER TO staff;
"#;

/// What they may set, from 15 on.
const PARAMETERS: &str = r#"
    GRANT SET, ALTER SYSTEM ON PARAMETER log_min_duration_statement TO clerk WITH GRANT OPTION;
    GRANT SET ON PARAMETER "shop.Level" TO "Big ""Boss"" 'x";
    GRANT SET ON PARAMETER log_statement TO PUBLIC;
"#;

/// All of it as one text, with what the server keeps of passwords.
const PORTRAIT: &str = r#"
    SELECT string_agg(line, E'\n' ORDER BY line COLLATE "C") FROM (
        SELECT concat_ws('|', rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication,
            rolbypassrls, rolconnlimit, rolpassword, rolvaliduntil AT TIME ZONE 'UTC',
            (SELECT setconfig FROM pg_db_role_setting WHERE setrole = r.oid AND setdatabase = 0),
            shobj_description(oid, 'pg_authid')) AS line
        FROM pg_authid AS r WHERE rolname ~ 'clerk|staff|Boss'
        UNION ALL
        SELECT concat_ws('|', 'in', roleid::regrole, member::regrole, admin_option) FROM pg_auth_members
        WHERE concat(roleid::regrole, member::regrole) ~ 'clerk|staff|Boss'
        UNION ALL
        SELECT concat_ws('|', parname, a) FROM pg_parameter_acl, unnest(paracl) AS a WHERE a::text ~ 'clerk|staff|Boss'
    ) AS lines
"#;

const GONE: &str = r#"DROP DATABASE IF EXISTS shop; DROP OWNED BY clerk, "Big ""Boss"" 'x"; DROP ROLE IF EXISTS clerk, staff, "Big ""Boss"" 'x""#;

struct Scene {
    server: Postgresql,
    cofferdam: Cofferdam,
}

impl Scene {
    fn new(major: Major) -> Self {
        let server = Postgresql::start(major).unwrap();
        server.create_database("shop").unwrap();
        let mut cofferdam = Cofferdam::new().unwrap();
        cofferdam.add_instance("shop", &server, "shop").unwrap();
        cofferdam.initialize().unwrap();
        let scene = Self { server, cofferdam };
        scene.sql("postgres", ROLES);
        scene.sql("postgres", PARAMETERS);
        scene.sql("shop", "CREATE TABLE orders (id int); ALTER TABLE orders OWNER TO clerk");
        scene
    }

    fn sql(&self, database: &str, sql: &str) -> String {
        self.server.sql(database, sql).unwrap().trim().to_owned()
    }

    fn gone(&self) {
        for statement in GONE.split("; ") {
            self.sql("postgres", statement);
        }
    }
}

#[test]
fn roles_come_back_with_their_passwords_settings_and_memberships() {
    for major in [Major::V15, Major::V18] {
        let scene = Scene::new(major);
        let before = scene.sql("postgres", PORTRAIT);
        assert_eq!(before.lines().count(), 9, "{before}");
        scene.cofferdam.succeed(&["backup", "shop", "--globals"], MINUTES).unwrap();
        scene.gone();
        scene.cofferdam.succeed(&["restore", "shop@latest", "--to", "shop", "--globals"], MINUTES).unwrap();
        assert_eq!(scene.sql("postgres", PORTRAIT), before);
        assert_eq!(scene.sql("shop", "SELECT relowner::regrole FROM pg_class WHERE relname = 'orders'"), "clerk");
    }
}

/// They aren't the database's, which is what a backup is verified and compared by.
#[test]
fn a_backup_with_them_is_the_same_as_its_database() {
    let scene = Scene::new(Major::V15);
    scene.cofferdam.succeed(&["backup", "shop", "--globals"], MINUTES).unwrap();
    scene.cofferdam.succeed(&["compare", "shop@latest", "shop"], MINUTES).unwrap();
    scene.cofferdam.succeed(&["backups", "verify", "latest", "--restore", "shop"], MINUTES).unwrap();
    scene.sql("shop", "DROP TABLE orders");
    assert!(!scene.cofferdam.run(&["compare", "shop@latest", "shop"], MINUTES).unwrap().status.success());
}

#[test]
fn without_the_option_no_role_is_made() {
    let scene = Scene::new(Major::V15);
    scene.cofferdam.succeed(&["backup", "shop", "--globals"], MINUTES).unwrap();
    scene.gone();
    let told = scene.cofferdam.succeed(&["restore", "shop@latest", "--to", "shop"], MINUTES).unwrap().stderr;
    for words in ["CREATE ROLE \"clerk\"", "the target has no role clerk", "comes only with --globals"] {
        assert!(told.contains(words), "{words} isn't in: {told}");
    }
    assert_eq!(scene.sql("postgres", PORTRAIT), "");
}

#[test]
fn a_role_that_is_there_keeps_its_password_and_its_rights() {
    let scene = Scene::new(Major::V15);
    scene.cofferdam.succeed(&["backup", "shop", "--globals"], MINUTES).unwrap();
    scene.sql("postgres", "ALTER ROLE clerk PASSWORD 'another' NOLOGIN; REVOKE staff FROM clerk");
    let before = scene.sql("postgres", PORTRAIT);
    let restored = scene
        .cofferdam
        .succeed(&["restore", "shop@latest", "--to", "shop", "--database", "copy", "--globals"], MINUTES);
    assert_eq!(scene.sql("postgres", PORTRAIT), before);
    let told = restored.unwrap().stderr;
    for words in ["it stays as it is", "PRIVILEGES of PUBLIC on PARAMETER \"log_statement\""] {
        assert!(told.contains(words), "{words} isn't in: {told}");
    }
}

/// It is a folder of the server's machine: whoever runs that is told how to make it, and what there was of it.
#[test]
fn all_that_there_was_of_a_tablespace_is_told() {
    let scene = Scene::new(Major::V15);
    scene.sql(
        "postgres",
        "SET allow_in_place_tablespaces = on;
         SET allow_system_table_mods = on;
         CREATE TABLESPACE archive LOCATION '';
         GRANT CREATE ON TABLESPACE archive TO clerk WITH GRANT OPTION;
         COMMENT ON TABLESPACE archive IS 'slow';
         INSERT INTO pg_shseclabel SELECT oid, 'pg_tablespace'::regclass, 'nobody', 'secret' FROM pg_tablespace
         WHERE spcname = 'archive';",
    );
    scene.cofferdam.succeed(&["backup", "shop", "--globals"], MINUTES).unwrap();
    scene.sql("postgres", "DROP TABLESPACE archive");
    let arguments = ["restore", "shop@latest", "--to", "shop", "--database", "copy", "--globals"];
    let told = scene.cofferdam.succeed(&arguments, MINUTES).unwrap().stderr;
    for words in [
        "CREATE TABLESPACE \"archive\"",
        "GRANT CREATE ON TABLESPACE \"archive\" TO \"clerk\" WITH GRANT OPTION",
        "COMMENT ON TABLESPACE \"archive\" IS 'slow'",
        "SECURITY LABEL FOR \"nobody\" ON TABLESPACE \"archive\" IS 'secret'",
    ] {
        assert!(told.contains(words), "{words} isn't in: {told}");
    }
}

#[test]
fn passwords_stay_out_of_a_backup_that_shall_have_none() {
    let scene = Scene::new(Major::V15);
    scene.cofferdam.succeed(&["backup", "shop", "--globals", "--no-role-passwords"], MINUTES).unwrap();
    scene.gone();
    scene.cofferdam.succeed(&["restore", "shop@latest", "--to", "shop", "--globals"], MINUTES).unwrap();
    let kept = "SELECT count(*), count(rolpassword) FROM pg_authid WHERE rolname ~ 'clerk|staff|Boss'";
    assert_eq!(scene.sql("postgres", kept), "3|0");
}

#[test]
fn a_backup_without_them_says_so_before_anything_is_made() {
    let scene = Scene::new(Major::V15);
    scene.cofferdam.succeed(&["backup", "shop"], MINUTES).unwrap();
    let arguments = ["restore", "shop@latest", "--to", "shop", "--database", "copy", "--globals"];
    let refused = scene.cofferdam.run(&arguments, MINUTES).unwrap();
    assert!(!refused.status.success());
    assert!(refused.stderr.contains("it wasn't made with --globals"), "{}", refused.stderr);
}
