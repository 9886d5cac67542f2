-- PostgreSQL 13 to 18
SELECT
    c.oid::int8 AS oid,
    n.nspname AS schema,
    c.relname AS name,
    pg_get_userbyid(c.relowner) AS owner,
    c.relpersistence = 'u' AS unlogged,
    format_type(s.seqtypid, NULL) AS type,
    s.seqstart::text AS start,
    s.seqincrement::text AS increment,
    s.seqmin::text AS minimum,
    s.seqmax::text AS maximum,
    s.seqcache::text AS cache,
    s.seqcycle AS cycle,
    d.deptype = 'i' AS identity,
    d.refobjid::int8 AS table_oid,
    d.refobjsubid AS column_number,
    tn.nspname AS table_schema,
    t.relname AS table_name,
    t.relpersistence = 'u' AS table_unlogged,
    a.attname AS column_name
FROM pg_sequence AS s
JOIN pg_class AS c ON c.oid = s.seqrelid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_depend AS d
    ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.objsubid = 0
    AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')
LEFT JOIN pg_class AS t ON t.oid = d.refobjid
LEFT JOIN pg_namespace AS tn ON tn.oid = t.relnamespace
LEFT JOIN pg_attribute AS a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
WHERE n.nspname <> 'information_schema'
  AND n.nspname !~ '^pg_'
  AND NOT EXISTS (
      SELECT FROM pg_depend AS e
      WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e'
  )
