-- PostgreSQL 13 to 18
-- A partition has its parent's triggers by itself; only where it enables them differently is there something to say.
SELECT
    'pg_trigger'::regclass::int8 AS class,
    t.oid::int8 AS oid,
    n.nspname AS schema,
    t.tgname AS name,
    format('TRIGGER %I ON %I.%I', t.tgname, n.nspname, c.relname) AS address,
    NULL AS owner,
    json_build_array(
        CASE WHEN t.tgparentid = 0 THEN pg_get_triggerdef(t.oid) END,
        CASE
            WHEN t.tgenabled <> coalesce(p.tgenabled, 'O')
            THEN format(
                'ALTER TABLE %I.%I %s TRIGGER %I', n.nspname, c.relname,
                CASE t.tgenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' WHEN 'A' THEN 'ENABLE ALWAYS' ELSE 'ENABLE' END,
                t.tgname
            )
        END
    ) AS statements,
    t.tgparentid = 0 AS counted
FROM pg_trigger AS t
JOIN pg_class AS c ON c.oid = t.tgrelid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_trigger AS p ON p.oid = t.tgparentid
WHERE (NOT t.tgisinternal OR t.tgparentid <> 0 AND NOT p.tgisinternal)
  AND (t.tgparentid = 0 OR t.tgenabled <> p.tgenabled)
  AND n.nspname <> 'information_schema'
  AND n.nspname !~ '^pg_'
  AND NOT EXISTS (
      SELECT FROM pg_depend AS e
      WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e'
  )
-- Parents first: what they say of being enabled reaches their partitions.
ORDER BY t.tgparentid <> 0, n.nspname, c.relname, t.tgname
