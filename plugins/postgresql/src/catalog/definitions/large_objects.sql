-- PostgreSQL 13 to 18
SELECT
    'pg_largeobject'::regclass::int8 AS class,
    m.oid::int8 AS oid,
    NULL AS schema,
    m.oid::text AS name,
    format('LARGE OBJECT %s', m.oid) AS address,
    pg_get_userbyid(m.lomowner) AS owner,
    json_build_array(format('SELECT pg_catalog.lo_create(%s)', m.oid)) AS statements
FROM pg_largeobject_metadata AS m
