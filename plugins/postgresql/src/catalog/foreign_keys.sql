-- PostgreSQL 13 to 18
SELECT
    c.oid::int8 AS oid,
    c.conrelid::int8 AS relation,
    c.confrelid::int8 AS referenced,
    n.nspname AS schema,
    t.relname AS table_name,
    t.relkind = 'p' AS partitioned,
    c.conname AS name,
    pg_get_constraintdef(c.oid) AS definition,
    -- An extension's table has the extension's keys by itself, and perhaps others.
    EXISTS (
        SELECT FROM pg_depend AS e
        WHERE e.classid = 'pg_class'::regclass AND e.objid = t.oid AND e.deptype = 'e'
    ) AS of_extension
FROM pg_constraint AS c
JOIN pg_class AS t ON t.oid = c.conrelid
JOIN pg_namespace AS n ON n.oid = t.relnamespace
WHERE c.contype = 'f'
  AND c.conparentid = 0
  AND n.nspname <> 'information_schema'
  AND n.nspname !~ '^pg_'
ORDER BY n.nspname, t.relname, c.conname
