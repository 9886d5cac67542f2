-- PostgreSQL 13 to 18
SELECT
    d.classoid::int8 AS class,
    d.objoid::int8 AS oid,
    n.nspname AS schema,
    c.relname AS relation,
    a.attname AS column,
    d.description AS text
FROM (
    SELECT d.classoid, d.objoid, d.objsubid, d.description FROM pg_description AS d
    UNION ALL
    -- The schema "public" of a new database has a comment, which somebody may have taken away.
    SELECT 'pg_namespace'::regclass, n.oid, 0, ''
    FROM pg_namespace AS n
    WHERE n.nspname = 'public' AND obj_description(n.oid, 'pg_namespace') IS NULL
) AS d
LEFT JOIN pg_class AS c ON d.classoid = 'pg_class'::regclass AND d.objsubid > 0 AND c.oid = d.objoid
LEFT JOIN pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = d.objsubid
WHERE (d.objoid >= 16384 OR d.classoid = 'pg_namespace'::regclass)
  AND NOT EXISTS (
      SELECT FROM pg_depend AS e
      WHERE e.classid = d.classoid AND e.objid = d.objoid AND e.deptype = 'e'
  )
  -- What initdb and CREATE EXTENSION comment on is commented on everywhere.
  AND NOT (d.classoid = 'pg_namespace'::regclass AND d.description = 'standard public schema')
  AND NOT (d.classoid = 'pg_namespace'::regclass AND d.objoid < 16384 AND d.objoid <> 2200)
  AND NOT EXISTS (
      SELECT FROM pg_extension AS x
      JOIN pg_available_extensions AS a ON a.name = x.extname
      WHERE d.classoid = 'pg_extension'::regclass AND x.oid = d.objoid AND a.comment = d.description
  )
  -- There may be millions of them, so they are read apart.
  AND d.classoid <> 'pg_largeobject'::regclass
ORDER BY d.classoid, d.objoid, d.objsubid
