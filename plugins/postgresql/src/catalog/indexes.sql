-- PostgreSQL 13 to 18
SELECT
    i.indexrelid::int8 AS oid,
    i.indrelid::int8 AS relation,
    n.nspname AS schema,
    c.relname AS name,
    t.relname AS table_name,
    t.relkind AS table_kind,
    pg_get_indexdef(i.indexrelid) AS definition,
    i.indisvalid AS valid,
    i.indisexclusion AS exclusion,
    i.indisclustered AS clustered,
    i.indisreplident AS replica_identity,
    c.reloptions AS options,
    sp.spcname AS tablespace,
    con.oid::int8 AS constraint_oid,
    con.conname AS constraint_name,
    con.contype AS constraint_kind,
    pg_get_constraintdef(con.oid) AS constraint_definition,
    pn.nspname AS parent_schema,
    p.relname AS parent_name,
    (
        SELECT json_agg(json_build_object('number', a.attnum, 'target', a.attstattarget) ORDER BY a.attnum)
        FROM pg_attribute AS a
        WHERE a.attrelid = i.indexrelid AND a.attstattarget >= 0
    ) AS statistics,
    -- An extension's table has the extension's indexes by itself, and perhaps others.
    EXISTS (
        SELECT FROM pg_depend AS e
        WHERE e.classid = 'pg_class'::regclass AND e.objid = t.oid AND e.deptype = 'e'
    ) AS of_extension
FROM pg_index AS i
JOIN pg_class AS c ON c.oid = i.indexrelid
JOIN pg_class AS t ON t.oid = i.indrelid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_tablespace AS sp ON sp.oid = c.reltablespace
LEFT JOIN pg_constraint AS con ON con.conindid = i.indexrelid AND con.conrelid = i.indrelid AND con.contype IN ('p', 'u', 'x')
LEFT JOIN pg_inherits AS h ON h.inhrelid = i.indexrelid
LEFT JOIN pg_class AS p ON p.oid = h.inhparent
LEFT JOIN pg_namespace AS pn ON pn.oid = p.relnamespace
WHERE t.relkind IN ('r', 'p', 'm')
  AND t.relpersistence <> 't'
  AND n.nspname <> 'information_schema'
  AND n.nspname !~ '^pg_'
ORDER BY n.nspname, con.contype IS DISTINCT FROM 'p', c.relname
