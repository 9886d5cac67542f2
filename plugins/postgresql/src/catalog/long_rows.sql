-- PostgreSQL 13 to 18
SELECT
    a.attrelid::int8 AS relation,
    a.attname AS name,
    format_type(b.oid, -1) AS base,
    a.attstorage AS storage,
    CASE a.attcompression WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' END AS compression, -- from 14
    NULL AS compression, -- until 13
    format('%I.%I', pn.nspname, p.proname) AS output,
    CASE
        WHEN b.typlen <> -1 THEN 'fixed'
        WHEN b.oid = 'bytea'::regtype THEN 'bytes'
        WHEN b.oid IN ('text'::regtype, 'varchar'::regtype) THEN 'text'
        WHEN b.oid = 'json'::regtype THEN 'json'
        WHEN EXISTS (
            SELECT FROM pg_cast AS k
            WHERE k.castsource = b.oid AND k.casttarget = 'text'::regtype AND k.castmethod = 'b'
        ) THEN 'like-text'
        ELSE 'other'
    END AS kind
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_am AS am ON am.oid = c.relam
JOIN pg_attribute AS a ON a.attrelid = c.oid
-- A domain's values are stored as those of the type below it.
JOIN pg_type AS b ON b.oid = (
    WITH RECURSIVE below AS (
        SELECT t.oid, t.typtype, t.typbasetype FROM pg_type AS t WHERE t.oid = a.atttypid
        UNION ALL
        SELECT t.oid, t.typtype, t.typbasetype FROM below AS d JOIN pg_type AS t ON t.oid = d.typbasetype
        WHERE d.typtype = 'd'
    )
    SELECT d.oid FROM below AS d WHERE d.typtype <> 'd'
)
JOIN pg_proc AS p ON p.oid = b.typoutput
JOIN pg_namespace AS pn ON pn.oid = p.pronamespace
WHERE c.relkind = 'r'
  AND c.relpersistence <> 't'
  AND c.reltoastrelid <> 0
  AND am.amname = 'heap'
  AND pg_relation_size(c.reltoastrelid) > $least
  AND a.attnum > 0
  AND NOT a.attisdropped
  AND a.attgenerated = ''
  AND n.nspname <> 'information_schema'
  AND n.nspname !~ '^pg_'
  AND NOT EXISTS (
      SELECT FROM pg_depend AS e
      WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e'
  )
ORDER BY a.attrelid, a.attname COLLATE "C"
