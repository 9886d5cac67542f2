-- PostgreSQL 13 to 18
SELECT
    'pg_am'::regclass::int8 AS class,
    a.oid::int8 AS oid,
    NULL AS schema,
    a.amname AS name,
    format('ACCESS METHOD %I', a.amname) AS address,
    NULL AS owner,
    json_build_array(format(
        'CREATE ACCESS METHOD %I TYPE %s HANDLER %s',
        a.amname,
        CASE a.amtype WHEN 'i' THEN 'INDEX' ELSE 'TABLE' END,
        a.amhandler
    )) AS statements
FROM pg_am AS a
WHERE a.oid >= 16384
  AND NOT EXISTS (
      SELECT FROM pg_depend AS e
      WHERE e.classid = 'pg_am'::regclass AND e.objid = a.oid AND e.deptype = 'e'
  )
