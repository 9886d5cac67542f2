-- PostgreSQL 13 to 18
-- Every object and the versions of its rows in the catalogue: a row that is changed moves, and bears the transaction that
-- changed it. What belongs to a table stands under the table's name. Temporary objects are nobody else's business.
SELECT format('%s %s%I', v.kind, quote_ident(n.nspname) || '.', v.name) AS object, format('%s %s', v.xmin, v.ctid) AS version
FROM (
    SELECT 'RELATION' AS kind, c.relnamespace AS namespace, c.relname AS name, c.xmin, c.ctid
    FROM pg_class AS c
    WHERE c.relpersistence <> 't'
    UNION ALL
    SELECT 'RELATION', c.relnamespace, c.relname, a.xmin, a.ctid
    FROM pg_attribute AS a
    JOIN pg_class AS c ON c.oid = a.attrelid
    WHERE c.relpersistence <> 't' AND a.attnum > 0
    UNION ALL
    SELECT 'RELATION', c.relnamespace, c.relname, k.xmin, k.ctid
    FROM pg_constraint AS k
    JOIN pg_class AS c ON c.oid = k.conrelid
    WHERE c.relpersistence <> 't'
    UNION ALL
    SELECT 'RELATION', c.relnamespace, c.relname, t.xmin, t.ctid
    FROM pg_trigger AS t
    JOIN pg_class AS c ON c.oid = t.tgrelid
    WHERE NOT t.tgisinternal AND c.relpersistence <> 't'
    UNION ALL
    SELECT 'RELATION', c.relnamespace, c.relname, p.xmin, p.ctid
    FROM pg_policy AS p
    JOIN pg_class AS c ON c.oid = p.polrelid
    UNION ALL
    SELECT 'RELATION', c.relnamespace, c.relname, r.xmin, r.ctid
    FROM pg_rewrite AS r
    JOIN pg_class AS c ON c.oid = r.ev_class
    WHERE c.relpersistence <> 't'
    UNION ALL
    SELECT 'FUNCTION', p.pronamespace, p.proname, p.xmin, p.ctid
    FROM pg_proc AS p
    UNION ALL
    SELECT 'TYPE', t.typnamespace, t.typname, t.xmin, t.ctid
    FROM pg_type AS t
    WHERE t.typrelid = 0 AND t.typelem = 0
    UNION ALL
    SELECT 'TYPE', t.typnamespace, t.typname, e.xmin, e.ctid
    FROM pg_enum AS e
    JOIN pg_type AS t ON t.oid = e.enumtypid
    UNION ALL
    SELECT 'TYPE', t.typnamespace, t.typname, k.xmin, k.ctid
    FROM pg_constraint AS k
    JOIN pg_type AS t ON t.oid = k.contypid
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
LEFT JOIN pg_namespace AS n ON n.oid = v.namespace
WHERE v.namespace IS NULL OR (n.nspname !~ '^pg_' AND n.nspname <> 'information_schema')
