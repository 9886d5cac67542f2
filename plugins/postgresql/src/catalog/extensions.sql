-- PostgreSQL 13 to 18
SELECT
    e.oid::int8 AS oid,
    e.extname AS name,
    e.extnamespace::int8 AS schema_oid,
    n.nspname AS schema
FROM pg_extension AS e
JOIN pg_namespace AS n ON n.oid = e.extnamespace
WHERE e.extname <> 'plpgsql'
