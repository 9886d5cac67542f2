-- PostgreSQL 13 to 18
SELECT
    c.oid::int8 AS oid,
    c.conrelid::int8 AS relation,
    c.contypid::int8 AS type,
    c.conname AS name,
    pg_get_constraintdef(c.oid) AS definition,
    c.convalidated AS validated,
    c.conislocal AS local
FROM pg_constraint AS c
JOIN pg_namespace AS n ON n.oid = c.connamespace
WHERE c.contype = 'c'
  AND n.nspname <> 'information_schema'
  AND n.nspname !~ '^pg_'
ORDER BY c.conname, c.oid
