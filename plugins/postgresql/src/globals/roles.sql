-- PostgreSQL 13 to 18
-- Predefined roles are every server's own.
SELECT
    r.rolname AS name,
    format(
        'CREATE ROLE %I WITH %s', r.rolname,
        concat_ws(
            ' ',
            CASE WHEN r.rolsuper THEN 'SUPERUSER' ELSE 'NOSUPERUSER' END,
            CASE WHEN r.rolinherit THEN 'INHERIT' ELSE 'NOINHERIT' END,
            CASE WHEN r.rolcreaterole THEN 'CREATEROLE' ELSE 'NOCREATEROLE' END,
            CASE WHEN r.rolcreatedb THEN 'CREATEDB' ELSE 'NOCREATEDB' END,
            CASE WHEN r.rolcanlogin THEN 'LOGIN' ELSE 'NOLOGIN' END,
            CASE WHEN r.rolreplication THEN 'REPLICATION' ELSE 'NOREPLICATION' END,
            CASE WHEN r.rolbypassrls THEN 'BYPASSRLS' ELSE 'NOBYPASSRLS' END,
            CASE WHEN r.rolconnlimit <> -1 THEN 'CONNECTION LIMIT ' || r.rolconnlimit END,
            CASE WHEN r.rolvaliduntil IS NOT NULL THEN format('VALID UNTIL %L', r.rolvaliduntil) END
        )
    ) AS statement,
    format('ALTER ROLE %I PASSWORD %L', r.rolname, $password) AS password,
    (
        SELECT format('COMMENT ON ROLE %I IS %L', r.rolname, d.description)
        FROM pg_shdescription AS d
        WHERE d.classoid = 'pg_authid'::regclass AND d.objoid = r.oid
    ) AS comment,
    (
        SELECT json_agg(
            format(
                'ALTER ROLE %I SET %I TO %s', r.rolname, split_part(c.setting, '=', 1),
                CASE
                    -- These hold lists of names, which are quoted one by one already.
                    WHEN lower(split_part(c.setting, '=', 1)) IN (
                        'local_preload_libraries', 'search_path', 'session_preload_libraries',
                        'shared_preload_libraries', 'temp_tablespaces', 'unix_socket_directories'
                    )
                    THEN coalesce(nullif(substr(c.setting, strpos(c.setting, '=') + 1), ''), '''''')
                    ELSE quote_literal(substr(c.setting, strpos(c.setting, '=') + 1))
                END
            )
            ORDER BY c.place
        )
        FROM pg_db_role_setting AS s
        CROSS JOIN unnest(s.setconfig) WITH ORDINALITY AS c (setting, place)
        WHERE s.setrole = r.oid AND s.setdatabase = 0
    ) AS settings,
    (
        SELECT json_agg(json_build_object('provider', l.provider, 'label', l.label) ORDER BY l.provider)
        FROM pg_shseclabel AS l
        WHERE l.classoid = 'pg_authid'::regclass AND l.objoid = r.oid
    ) AS labels
FROM $roles AS r
WHERE r.rolname !~ '^pg_'
ORDER BY r.rolname
