-- PostgreSQL 13 to 18
SELECT
    0 AS class,
    c.oid::int8 AS oid,
    n.nspname AS schema,
    c.relname AS name,
    format('TABLE %I.%I', n.nspname, c.relname) AS address,
    NULL AS owner,
    json_build_array(
        CASE WHEN c.relrowsecurity THEN format('ALTER TABLE %I.%I ENABLE ROW LEVEL SECURITY', n.nspname, c.relname) END,
        CASE WHEN c.relforcerowsecurity THEN format('ALTER TABLE ONLY %I.%I FORCE ROW LEVEL SECURITY', n.nspname, c.relname) END
    ) AS statements
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE (c.relrowsecurity OR c.relforcerowsecurity)
  AND n.nspname <> 'information_schema'
  AND n.nspname !~ '^pg_'
ORDER BY n.nspname, c.relname
