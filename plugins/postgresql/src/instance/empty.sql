-- PostgreSQL 13 to 18
SELECT statement
FROM (
    SELECT 1 AS step, format('DROP EVENT TRIGGER %I', evtname) AS statement FROM pg_event_trigger
    UNION ALL
    SELECT 2, format('DROP PUBLICATION %I', pubname) FROM pg_publication
    UNION ALL
    SELECT 3, format('DROP EXTENSION IF EXISTS %I CASCADE', extname) FROM pg_extension WHERE extname <> 'plpgsql'
    UNION ALL
    SELECT 4, format('DROP SCHEMA IF EXISTS %I CASCADE', nspname)
    FROM pg_namespace
    WHERE (oid >= 16384 OR nspname = 'public') AND nspname !~ '^pg_'
    UNION ALL
    SELECT 5, format('DROP FOREIGN DATA WRAPPER IF EXISTS %I CASCADE', fdwname) FROM pg_foreign_data_wrapper
    UNION ALL
    SELECT 6, format('DROP CAST IF EXISTS (%s AS %s)', castsource::regtype, casttarget::regtype)
    FROM pg_cast
    WHERE oid >= 16384
    UNION ALL
    SELECT 7, format('DROP LANGUAGE IF EXISTS %I CASCADE', lanname) FROM pg_language WHERE oid >= 16384 AND lanname <> 'plpgsql'
    UNION ALL
    SELECT 8, format('DROP ACCESS METHOD IF EXISTS %I CASCADE', amname) FROM pg_am WHERE oid >= 16384
    UNION ALL
    SELECT 9, format('SELECT lo_unlink(%s)', oid) FROM pg_largeobject_metadata
    UNION ALL
    SELECT 10, format('ALTER ROLE %I IN DATABASE %I RESET ALL', pg_get_userbyid(s.setrole), d.datname)
    FROM pg_db_role_setting AS s
    JOIN pg_database AS d ON d.oid = s.setdatabase
    WHERE d.datname = current_database() AND s.setrole <> 0
    UNION ALL
    -- Default privileges have no DROP: they are gone when they are what they would be without.
    SELECT
        CASE WHEN a.granted THEN 12 ELSE 11 END,
        format(
            'ALTER DEFAULT PRIVILEGES FOR ROLE %I %s ALL ON %s %s %s',
            pg_get_userbyid(a.defaclrole),
            CASE WHEN a.granted THEN 'GRANT' ELSE 'REVOKE' END,
            CASE a.defaclobjtype
                WHEN 'r' THEN 'TABLES'
                WHEN 'S' THEN 'SEQUENCES'
                WHEN 'f' THEN 'FUNCTIONS'
                WHEN 'T' THEN 'TYPES'
                WHEN 'n' THEN 'SCHEMAS'
                WHEN 'L' THEN 'LARGE OBJECTS'
            END,
            CASE WHEN a.granted THEN 'TO' ELSE 'FROM' END,
            CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END
        )
    FROM (
        SELECT DISTINCT d.defaclrole, d.defaclobjtype, false AS granted, g.grantee
        FROM pg_default_acl AS d
        CROSS JOIN LATERAL aclexplode(d.defaclacl) AS g
        WHERE d.defaclnamespace = 0
        UNION ALL
        SELECT DISTINCT d.defaclrole, d.defaclobjtype, true, g.grantee
        FROM pg_default_acl AS d
        CROSS JOIN LATERAL aclexplode(
            acldefault(CASE d.defaclobjtype WHEN 'S' THEN 's' ELSE d.defaclobjtype END::"char", d.defaclrole)
        ) AS g
        WHERE d.defaclnamespace = 0
    ) AS a
    UNION ALL
    SELECT 13, 'SELECT 1'
) AS statements
ORDER BY step
