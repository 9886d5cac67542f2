-- PostgreSQL 13 to 18
SELECT
    t.spcname AS name,
    format(
        'CREATE TABLESPACE %I OWNER %I LOCATION %L%s', t.spcname, pg_get_userbyid(t.spcowner), pg_tablespace_location(t.oid),
        ' WITH (' || array_to_string(t.spcoptions, ', ') || ')'
    ) AS statement,
    (
        SELECT json_agg(
            format(
                'GRANT CREATE ON TABLESPACE %I TO %s%s', t.spcname, coalesce(quote_ident(r.rolname), 'PUBLIC'),
                CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' END
            )
            ORDER BY r.rolname
        )
        FROM aclexplode(t.spcacl) AS a
        LEFT JOIN pg_roles AS r ON r.oid = a.grantee
        WHERE a.grantee <> t.spcowner
    ) AS privileges,
    'COMMENT ON TABLESPACE ' || quote_ident(t.spcname) || ' IS ' || quote_literal(shobj_description(t.oid, 'pg_tablespace'))
        AS comment,
    (
        SELECT json_agg(
            format('SECURITY LABEL FOR %I ON TABLESPACE %I IS %L', l.provider, t.spcname, l.label) ORDER BY l.provider
        )
        FROM pg_shseclabel AS l
        WHERE l.classoid = 'pg_tablespace'::regclass AND l.objoid = t.oid
    ) AS labels
FROM pg_tablespace AS t
WHERE t.spcname !~ '^pg_'
ORDER BY t.spcname
