-- PostgreSQL 13 to 18
SELECT
    'pg_policy'::regclass::int8 AS class,
    p.oid::int8 AS oid,
    n.nspname AS schema,
    p.polname AS name,
    format('POLICY %I ON %I.%I', p.polname, n.nspname, c.relname) AS address,
    NULL AS owner,
    '[]'::json AS statements,
    json_build_array(json_build_object(
        'carries', 'policy',
        'roles', coalesce((SELECT json_agg(r.rolname) FROM pg_roles AS r WHERE r.oid = ANY (p.polroles)), '[]'),
        'sql', concat_ws(
            ' ',
            format('CREATE POLICY %I ON %I.%I', p.polname, n.nspname, c.relname),
            CASE WHEN p.polpermissive THEN 'AS PERMISSIVE' ELSE 'AS RESTRICTIVE' END,
            'FOR',
            CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
            'TO',
            CASE
                WHEN 0 = ANY (p.polroles) THEN 'PUBLIC'
                ELSE (SELECT string_agg(quote_ident(r.rolname), ', ' ORDER BY r.rolname) FROM pg_roles AS r WHERE r.oid = ANY (p.polroles))
            END,
            'USING (' || pg_get_expr(p.polqual, p.polrelid) || ')',
            'WITH CHECK (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')'
        )
    )) AS for_roles,
    -- An extension's table has what the extension made by itself, and perhaps more.
    (
        SELECT format(
            'EXISTS (SELECT FROM pg_catalog.pg_policy WHERE polrelid = %L::pg_catalog.regclass AND polname = %L)',
            format('%I.%I', n.nspname, c.relname), p.polname
        )
        FROM pg_depend AS e
        WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e'
    ) AS unless
FROM pg_policy AS p
JOIN pg_class AS c ON c.oid = p.polrelid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname <> 'information_schema'
  AND n.nspname !~ '^pg_'
ORDER BY n.nspname, c.relname, p.polname
