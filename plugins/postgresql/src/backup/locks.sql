-- PostgreSQL 13 to 18
SELECT
    c.oid::int8 AS oid,
    n.nspname AS schema,
    c.relname AS name
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p')
  AND c.relpersistence <> 't'
  AND n.nspname <> 'information_schema'
  AND n.nspname !~ '^pg_'
  AND (
      NOT EXISTS (
          SELECT FROM pg_depend AS e
          WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e'
      )
      OR EXISTS (SELECT FROM pg_extension AS x WHERE c.oid = ANY (x.extconfig))
  )
ORDER BY c.oid
