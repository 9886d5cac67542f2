-- PostgreSQL 13 to 18
SELECT
    a.attrelid::int8 AS relation,
    a.attnum AS number,
    a.attname AS name,
    format_type(a.atttypid, a.atttypmod) AS type,
    a.attnotnull AS not_null,
    nn.oid::int8 AS not_null_oid, -- from 18
    nn.conname AS not_null_name, -- from 18
    nn.connoinherit AS not_null_no_inherit, -- from 18
    nn.conislocal AS not_null_local, -- from 18
    nn.convalidated AS not_null_validated, -- from 18
    NULL AS not_null_oid, -- until 17
    NULL AS not_null_name, -- until 17
    NULL AS not_null_no_inherit, -- until 17
    -- Servers before 18 don't say whose a NOT NULL is. One that a parent has too counts as the parent's, as for pg_dump.
    NOT EXISTS ( -- until 17
        SELECT FROM pg_inherits AS h -- until 17
        JOIN pg_attribute AS pa ON pa.attrelid = h.inhparent AND pa.attname = a.attname -- until 17
        WHERE h.inhrelid = a.attrelid AND pa.attnotnull AND NOT pa.attisdropped -- until 17
    ) AS not_null_local, -- until 17
    NULL AS not_null_validated, -- until 17
    a.attidentity AS identity,
    a.attgenerated AS generated,
    -- Whether every parent makes it in the same way. Before 16 a child mustn't say again what it gets.
    CASE
        WHEN a.attgenerated <> '' AND a.attinhcount > 0
        THEN (
            SELECT bool_and(
                pa.attgenerated = a.attgenerated
                AND pg_get_expr(pd.adbin, pd.adrelid) IS NOT DISTINCT FROM pg_get_expr(d.adbin, d.adrelid)
            )
            FROM pg_inherits AS h
            JOIN pg_attribute AS pa ON pa.attrelid = h.inhparent AND pa.attname = a.attname AND NOT pa.attisdropped
            LEFT JOIN pg_attrdef AS pd ON pd.adrelid = pa.attrelid AND pd.adnum = pa.attnum
            WHERE h.inhrelid = a.attrelid
        )
    END AS generated_as_inherited,
    d.oid::int8 AS default_oid,
    pg_get_expr(d.adbin, d.adrelid) AS default_expression,
    CASE WHEN a.attcollation <> t.typcollation THEN format('%I.%I', cn.nspname, co.collname) END AS collation,
    -- A column gets both from its parent's, so what is usual is something to say where the parent's isn't.
    CASE WHEN a.attstorage <> t.typstorage OR i.storage THEN a.attstorage END AS storage,
    CASE WHEN a.attcompression <> '' OR i.compression THEN a.attcompression END AS compression, -- from 14
    NULL AS compression, -- until 13
    CASE WHEN a.attstattarget >= 0 THEN a.attstattarget END AS statistics,
    -- PostgreSQL 15.20 keeps a mark of its own (pg_attver) among the options. It means nothing on
    -- another server, which may not even know it; pg_dump leaves it out too.
    (
        SELECT json_agg(o.option)
        FROM unnest(a.attoptions) AS o (option)
        WHERE o.option NOT LIKE 'pg\_attver=%'
    ) AS options,
    a.attislocal AS local,
    (
        SELECT json_agg(json_build_object('name', o.option_name, 'value', o.option_value))
        FROM pg_options_to_table(a.attfdwoptions) AS o
    ) AS foreign_options
FROM pg_attribute AS a
JOIN pg_class AS c ON c.oid = a.attrelid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_type AS t ON t.oid = a.atttypid
LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
LEFT JOIN pg_constraint AS nn ON nn.conrelid = a.attrelid AND nn.contype = 'n' AND nn.conkey = ARRAY[a.attnum] -- from 18
LEFT JOIN LATERAL (
    SELECT
        bool_or(pa.attcompression <> a.attcompression) AS compression, -- from 14
        bool_or(pa.attstorage <> a.attstorage) AS storage
    FROM pg_inherits AS h
    JOIN pg_attribute AS pa ON pa.attrelid = h.inhparent AND pa.attname = a.attname AND NOT pa.attisdropped
    WHERE a.attinhcount > 0 AND h.inhrelid = a.attrelid
) AS i ON true
LEFT JOIN pg_collation AS co ON co.oid = a.attcollation
LEFT JOIN pg_namespace AS cn ON cn.oid = co.collnamespace
WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm')
  AND c.relpersistence <> 't'
  AND a.attnum > 0
  AND NOT a.attisdropped
  AND n.nspname <> 'information_schema'
  AND n.nspname !~ '^pg_'
ORDER BY a.attrelid, a.attnum
