-- PostgreSQL 13 to 18
SELECT
    'pg_foreign_server'::regclass::int8 AS class,
    s.oid::int8 AS oid,
    NULL AS schema,
    s.srvname AS name,
    format('SERVER %I', s.srvname) AS address,
    pg_get_userbyid(s.srvowner) AS owner,
    json_build_array(concat_ws(
        ' ',
        format('CREATE SERVER %I', s.srvname),
        CASE WHEN s.srvtype IS NOT NULL THEN format('TYPE %L', s.srvtype) END,
        CASE WHEN s.srvversion IS NOT NULL THEN format('VERSION %L', s.srvversion) END,
        format('FOREIGN DATA WRAPPER %I', w.fdwname),
        (
            SELECT format('OPTIONS (%s)', string_agg(format('%I %L', o.option_name, o.option_value), ', '))
            FROM pg_options_to_table(s.srvoptions) AS o
            HAVING count(*) > 0
        )
    )) AS statements,
    -- Options of a mapping are shown to its user, the server's owner and superusers only.
    (
        SELECT json_agg(json_build_object(
            'carries', 'user mapping',
            'roles', CASE WHEN m.umuser = 0 THEN '[]'::json ELSE json_build_array(m.usename) END,
            'sql', format(
                'CREATE USER MAPPING FOR %s SERVER %I%s',
                CASE WHEN m.umuser = 0 THEN 'PUBLIC' ELSE quote_ident(m.usename) END,
                s.srvname,
                (
                    SELECT format(' OPTIONS (%s)', string_agg(format('%I %L', o.option_name, o.option_value), ', '))
                    FROM pg_options_to_table(m.umoptions) AS o
                    HAVING count(*) > 0
                )
            )
        ))
        FROM pg_user_mappings AS m
        WHERE m.srvid = s.oid
    ) AS for_roles
FROM pg_foreign_server AS s
JOIN pg_foreign_data_wrapper AS w ON w.oid = s.srvfdw
WHERE NOT EXISTS (
    SELECT FROM pg_depend AS e
    WHERE e.classid = 'pg_foreign_server'::regclass AND e.objid = s.oid AND e.deptype = 'e'
)
