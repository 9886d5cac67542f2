-- PostgreSQL 13 to 18
SELECT n.nspname AS schema, c.relname AS name
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE (
    (c.relkind IN ('r', 'p', 'S') AND c.relpersistence <> 't' AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_')
    -- What is in large objects is read from the catalogue.
    OR (c.oid = 'pg_largeobject'::regclass AND EXISTS (SELECT FROM pg_largeobject_metadata))
)
  AND NOT (has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT'))
ORDER BY 1, 2
