-- PostgreSQL 13 to 18
SELECT
    'pg_transform'::regclass::int8 AS class,
    t.oid::int8 AS oid,
    NULL AS schema,
    format('%s %s', format_type(t.trftype, NULL), l.lanname) AS name,
    format('TRANSFORM FOR %s LANGUAGE %I', format_type(t.trftype, NULL), l.lanname) AS address,
    NULL AS owner,
    json_build_array(format(
        'CREATE TRANSFORM FOR %s LANGUAGE %I (%s)',
        format_type(t.trftype, NULL),
        l.lanname,
        concat_ws(
            ', ',
            CASE WHEN t.trffromsql <> 0 THEN 'FROM SQL WITH FUNCTION ' || t.trffromsql::regprocedure END,
            CASE WHEN t.trftosql <> 0 THEN 'TO SQL WITH FUNCTION ' || t.trftosql::regprocedure END
        )
    )) AS statements
FROM pg_transform AS t
JOIN pg_language AS l ON l.oid = t.trflang
WHERE NOT EXISTS (
    SELECT FROM pg_depend AS e
    WHERE e.classid = 'pg_transform'::regclass AND e.objid = t.oid AND e.deptype = 'e'
)
