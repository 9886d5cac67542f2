-- PostgreSQL 13 to 18
SELECT
    c.oid::int8 AS oid,
    n.nspname AS schema,
    c.relname AS name,
    pg_get_userbyid(c.relowner) AS owner,
    c.relkind AS kind,
    c.relpersistence = 'u' AS unlogged,
    c.relispartition AS partition,
    c.relreplident AS replica_identity,
    pg_get_partkeydef(c.oid) AS partition_key,
    pg_get_expr(c.relpartbound, c.oid) AS bound,
    (
        SELECT json_agg(
            json_build_object('oid', p.oid::int8, 'schema', pn.nspname, 'name', p.relname) ORDER BY i.inhseqno
        )
        FROM pg_inherits AS i
        JOIN pg_class AS p ON p.oid = i.inhparent
        JOIN pg_namespace AS pn ON pn.oid = p.relnamespace
        WHERE i.inhrelid = c.oid
    ) AS parents,
    EXISTS (SELECT FROM pg_inherits AS i WHERE i.inhrelid = c.oid AND i.inhdetachpending) AS detaching, -- from 14
    false AS detaching, -- until 13
    c.reloptions AS options,
    sp.spcname AS tablespace,
    t.reloptions AS toast_options,
    -- A partitioned table has one only if it was told so (PostgreSQL 17).
    CASE WHEN c.relkind = 'p' OR am.amname <> 'heap' THEN am.amname END AS access_method,
    CASE WHEN c.reloftype <> 0 THEN format_type(c.reloftype, NULL) END AS of_type,
    s.srvname AS server,
    (
        SELECT json_agg(json_build_object('name', o.option_name, 'value', o.option_value))
        FROM pg_options_to_table(f.ftoptions) AS o
    ) AS foreign_options,
    size.rows + size.toast AS bytes,
    -- Before 14 a range of pages isn't read without reading the whole table.
    CASE WHEN am.amname = 'heap' THEN size.rows / current_setting('block_size')::int8 END AS pages, -- from 14
    NULL AS pages, -- until 13
    CASE WHEN c.relkind = 'r' AND c.reltuples >= 0 THEN c.reltuples::int8 END AS rows
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_class AS t ON t.oid = c.reltoastrelid
LEFT JOIN pg_tablespace AS sp ON sp.oid = c.reltablespace
LEFT JOIN pg_am AS am ON am.oid = c.relam
LEFT JOIN pg_foreign_table AS f ON f.ftrelid = c.oid
LEFT JOIN pg_foreign_server AS s ON s.oid = f.ftserver
-- Its real size: what statistics say of a table that was never analysed is 0. pg_table_size() would open twice as many files.
LEFT JOIN LATERAL (
    SELECT pg_relation_size(c.oid) AS rows, coalesce(pg_relation_size(t.oid), 0) AS toast
) AS size ON c.relkind = 'r'
WHERE c.relkind IN ('r', 'p', 'f')
  AND c.relpersistence <> 't'
  AND n.nspname <> 'information_schema'
  AND n.nspname !~ '^pg_'
  AND NOT EXISTS (
      SELECT FROM pg_depend AS e
      WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e'
  )
