-- PostgreSQL 13 to 18
-- Every object and the versions of its rows in the catalogue: a row that is changed moves, and bears the transaction that
-- changed it. What belongs to a table stands under the table's name. Temporary objects are nobody else's business.
-- The server's own objects, most of them all, are left aside first.
WITH space AS MATERIALIZED (
    SELECT n.oid, quote_ident(n.nspname) || '.' AS name FROM pg_namespace AS n
    WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
)
SELECT format('%s %s%I', v.kind, v.space, v.name) AS object, format('%s %s', v.xmin, v.ctid) AS version
FROM (
    SELECT 'RELATION' AS kind, s.name AS space, c.relname AS name, c.xmin, c.ctid
    FROM space AS s
    JOIN pg_class AS c ON c.relnamespace = s.oid
    WHERE c.relpersistence <> 't'
    UNION ALL
    SELECT 'RELATION', s.name, c.relname, a.xmin, a.ctid
    FROM space AS s
    JOIN pg_class AS c ON c.relnamespace = s.oid
    JOIN pg_attribute AS a ON a.attrelid = c.oid
    WHERE c.relpersistence <> 't' AND a.attnum > 0
    UNION ALL
    SELECT 'RELATION', s.name, c.relname, k.xmin, k.ctid
    FROM space AS s
    JOIN pg_class AS c ON c.relnamespace = s.oid
    JOIN pg_constraint AS k ON k.conrelid = c.oid
    WHERE c.relpersistence <> 't'
    UNION ALL
    SELECT 'RELATION', s.name, c.relname, t.xmin, t.ctid
    FROM space AS s
    JOIN pg_class AS c ON c.relnamespace = s.oid
    JOIN pg_trigger AS t ON t.tgrelid = c.oid
    WHERE NOT t.tgisinternal AND c.relpersistence <> 't'
    UNION ALL
    SELECT 'RELATION', s.name, c.relname, p.xmin, p.ctid
    FROM space AS s
    JOIN pg_class AS c ON c.relnamespace = s.oid
    JOIN pg_policy AS p ON p.polrelid = c.oid
    UNION ALL
    SELECT 'RELATION', s.name, c.relname, r.xmin, r.ctid
    FROM space AS s
    JOIN pg_class AS c ON c.relnamespace = s.oid
    JOIN pg_rewrite AS r ON r.ev_class = c.oid
    WHERE c.relpersistence <> 't'
    UNION ALL
    SELECT 'FUNCTION', s.name, p.proname, p.xmin, p.ctid
    FROM space AS s
    JOIN pg_proc AS p ON p.pronamespace = s.oid
    UNION ALL
    SELECT 'TYPE', s.name, t.typname, t.xmin, t.ctid
    FROM space AS s
    JOIN pg_type AS t ON t.typnamespace = s.oid
    WHERE t.typrelid = 0 AND t.typelem = 0
    UNION ALL
    SELECT 'TYPE', s.name, t.typname, e.xmin, e.ctid
    FROM space AS s
    JOIN pg_type AS t ON t.typnamespace = s.oid
    JOIN pg_enum AS e ON e.enumtypid = t.oid
    UNION ALL
    SELECT 'TYPE', s.name, t.typname, k.xmin, k.ctid
    FROM space AS s
    JOIN pg_type AS t ON t.typnamespace = s.oid
    JOIN pg_constraint AS k ON k.contypid = t.oid
    UNION ALL
    SELECT 'SCHEMA', NULL, s.nspname, s.xmin, s.ctid
    FROM pg_namespace AS s
    WHERE s.nspname !~ '^pg_'
    UNION ALL
    SELECT 'EXTENSION', NULL, e.extname, e.xmin, e.ctid
    FROM pg_extension AS e
    UNION ALL
    SELECT 'PUBLICATION', NULL, p.pubname, p.xmin, p.ctid
    FROM pg_publication AS p
    UNION ALL
    SELECT 'EVENT TRIGGER', NULL, t.evtname, t.xmin, t.ctid
    FROM pg_event_trigger AS t
) AS v
