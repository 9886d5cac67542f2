-- PostgreSQL 13 to 18
-- What is to go when an extension goes (ALTER ... DEPENDS ON EXTENSION): functions, indexes, materialized views, triggers.
SELECT
    d.classid::int8 AS class,
    d.objid::int8 AS oid,
    x.extname AS extension
FROM pg_depend AS d
JOIN pg_extension AS x ON x.oid = d.refobjid
WHERE d.refclassid = 'pg_extension'::regclass
  AND d.deptype = 'x'
  AND NOT EXISTS (
      SELECT FROM pg_depend AS e
      WHERE e.classid = d.classid AND e.objid = d.objid AND e.deptype = 'e'
  )
ORDER BY d.classid, d.objid, x.extname
