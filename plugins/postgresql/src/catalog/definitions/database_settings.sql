-- PostgreSQL 13 to 18
-- The database may have another name where it is restored, so the statements ask for it.
SELECT
    0 AS class,
    s.setrole::int8 AS oid,
    NULL AS schema,
    s.name,
    'DATABASE' AS address,
    NULL AS owner,
    CASE WHEN r.rolname IS NULL THEN json_build_array(s.statement) ELSE '[]'::json END AS statements,
    CASE
        WHEN r.rolname IS NOT NULL
        THEN json_build_array(json_build_object('carries', 'setting', 'roles', json_build_array(r.rolname), 'sql', s.statement))
    END AS for_roles
FROM (
    SELECT
        d.setrole,
        split_part(c.setting, '=', 1) AS name,
        format(
            'DO %L',
            format(
                'BEGIN EXECUTE pg_catalog.format(%L, pg_catalog.current_database()); END',
                CASE
                    WHEN d.setrole = 0 THEN 'ALTER DATABASE %I'
                    ELSE format('ALTER ROLE %s IN DATABASE %%I', replace(quote_ident(pg_get_userbyid(d.setrole)), '%', '%%'))
                END
                || replace(
                    format(
                        ' SET %I TO %s',
                        split_part(c.setting, '=', 1),
                        CASE
                            -- These hold lists of names, which are quoted one by one already.
                            WHEN lower(split_part(c.setting, '=', 1)) IN (
                                'local_preload_libraries', 'search_path', 'session_preload_libraries',
                                'shared_preload_libraries', 'temp_tablespaces', 'unix_socket_directories'
                            )
                            THEN coalesce(nullif(substr(c.setting, strpos(c.setting, '=') + 1), ''), '''''')
                            ELSE quote_literal(substr(c.setting, strpos(c.setting, '=') + 1))
                        END
                    ),
                    '%', '%%'
                )
            )
        ) AS statement
    FROM pg_db_role_setting AS d
    CROSS JOIN unnest(d.setconfig) AS c (setting)
    WHERE d.setdatabase = (SELECT b.oid FROM pg_database AS b WHERE b.datname = current_database())
) AS s
LEFT JOIN pg_roles AS r ON r.oid = s.setrole
ORDER BY s.setrole, s.name
