-- PostgreSQL 13 to 18
-- What belongs to the name of a database and not to its content, as statements that give it to another.
SELECT statement
FROM (
    SELECT 1 AS step, 0::int8 AS position, format('ALTER DATABASE %I RESET ALL', :new::text) AS statement
    UNION ALL
    SELECT 2, 0, format('ALTER ROLE %I IN DATABASE %I RESET ALL', pg_get_userbyid(s.setrole), :new::text)
    FROM pg_db_role_setting AS s
    JOIN pg_database AS d ON d.oid = s.setdatabase
    WHERE d.datname = :new AND s.setrole <> 0
    UNION ALL
    SELECT
        3, 0,
        format(
            '%s SET %I TO %s',
            CASE
                WHEN s.setrole = 0 THEN format('ALTER DATABASE %I', :new::text)
                ELSE format('ALTER ROLE %I IN DATABASE %I', pg_get_userbyid(s.setrole), :new::text)
            END,
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
        )
    FROM pg_db_role_setting AS s
    JOIN pg_database AS d ON d.oid = s.setdatabase
    CROSS JOIN unnest(s.setconfig) AS c (setting)
    WHERE d.datname = :old
    UNION ALL
    SELECT 4, 0, format('ALTER DATABASE %I CONNECTION LIMIT %s', :new::text, d.datconnlimit)
    FROM pg_database AS d
    WHERE d.datname = :old
    UNION ALL
    SELECT 5, 0, format('COMMENT ON DATABASE %I IS %L', :new::text, shobj_description(d.oid, 'pg_database'))
    FROM pg_database AS d
    WHERE d.datname = :old
    UNION ALL
    SELECT 6, 0, format('ALTER DATABASE %I OWNER TO %I', :new::text, pg_get_userbyid(o.datdba))
    FROM pg_database AS o
    JOIN pg_database AS n ON n.datname = :new AND n.datdba <> o.datdba
    WHERE o.datname = :old
    UNION ALL
    SELECT
        7, 0,
        format(
            'REVOKE ALL ON DATABASE %I FROM %s', :new::text,
            CASE WHEN g.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(g.grantee)) END
        )
    FROM pg_database AS d
    CROSS JOIN LATERAL (
        SELECT a.grantee FROM aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) AS a
        UNION
        -- It is the new one's owner by then.
        SELECT o.datdba FROM pg_database AS o WHERE o.datname = :old
    ) AS g
    WHERE d.datname = :new
      AND EXISTS (SELECT FROM pg_database AS o WHERE o.datname = :old AND (o.datacl IS NOT NULL OR d.datacl IS NOT NULL))
    UNION ALL
    SELECT
        8, g.position,
        format(
            'GRANT %s ON DATABASE %I TO %s%s', g.privilege_type, :new::text,
            CASE WHEN g.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(g.grantee)) END,
            CASE WHEN g.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END
        )
    FROM pg_database AS d
    CROSS JOIN LATERAL aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) WITH ORDINALITY
        AS g (grantor, grantee, privilege_type, is_grantable, position)
    WHERE d.datname = :old
      AND EXISTS (SELECT FROM pg_database AS n WHERE n.datname = :new AND (n.datacl IS NOT NULL OR d.datacl IS NOT NULL))
) AS statements
ORDER BY step, position, statement
