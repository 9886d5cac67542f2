-- PostgreSQL 13 to 18
-- Tables of extensions whose rows are the user's (pg_extension_config_dump), in the order in which their extension
-- names them.
SELECT
    c.oid::int8 AS oid,
    e.oid::int8 AS extension,
    n.nspname AS schema,
    c.relname AS name,
    c.relkind = 'S' AS sequence,
    nullif(e.extcondition[t.position], '') AS condition,
    pg_table_size(c.oid) AS bytes,
    (
        SELECT coalesce(json_agg(a.attname ORDER BY a.attname COLLATE "C"), '[]')
        FROM pg_attribute AS a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
    ) AS columns
FROM pg_extension AS e
CROSS JOIN unnest(e.extconfig) WITH ORDINALITY AS t (oid, position)
JOIN pg_class AS c ON c.oid = t.oid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'S')
ORDER BY e.extname, t.position
