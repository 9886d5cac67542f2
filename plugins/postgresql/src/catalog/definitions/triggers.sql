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
    t.tgparentid = 0 AS counted,
    -- An extension's table has what the extension made by itself, and perhaps more.
    (
        SELECT format(
            'EXISTS (SELECT FROM pg_catalog.pg_trigger WHERE tgrelid = %L::pg_catalog.regclass AND tgname = %L)',
            format('%I.%I', n.nspname, c.relname), t.tgname
        )
        FROM pg_depend AS e
        WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e'
    ) AS unless
FROM pg_trigger AS t
JOIN pg_class AS c ON c.oid = t.tgrelid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_trigger AS p ON p.oid = t.tgparentid
WHERE (
      NOT t.tgisinternal
      -- Before 15 a partition's share of its parent's trigger counts as internal, as do those of foreign keys.
      OR t.tgparentid <> 0 AND NOT EXISTS (SELECT FROM pg_constraint AS k WHERE k.oid = t.tgconstraint AND k.contype = 'f')
  )
  AND (t.tgparentid = 0 OR t.tgenabled <> p.tgenabled)
  AND n.nspname <> 'information_schema'
  AND n.nspname !~ '^pg_'
-- Parents first: what they say of being enabled reaches their partitions.
ORDER BY t.tgparentid <> 0, n.nspname, c.relname, t.tgname
