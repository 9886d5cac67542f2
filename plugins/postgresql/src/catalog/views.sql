-- PostgreSQL 13 to 18
SELECT
    c.oid::int8 AS oid,
    n.nspname AS schema,
    c.relname AS name,
    pg_get_userbyid(c.relowner) AS owner,
    c.relkind AS kind,
    pg_get_viewdef(c.oid) AS definition,
    c.reloptions AS options,
    t.reloptions AS toast_options,
    c.relreplident AS replica_identity,
    sp.spcname AS tablespace,
    NULLIF(am.amname, 'heap') AS access_method,
    c.relispopulated AS populated
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_class AS t ON t.oid = c.reltoastrelid
LEFT JOIN pg_tablespace AS sp ON sp.oid = c.reltablespace
LEFT JOIN pg_am AS am ON am.oid = c.relam
WHERE c.relkind IN ('v', 'm')
  AND c.relpersistence <> 't'
  AND n.nspname <> 'information_schema'
  AND n.nspname !~ '^pg_'
  AND NOT EXISTS (
      SELECT FROM pg_depend AS e
      WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e'
  )
