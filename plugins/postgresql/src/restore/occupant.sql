-- PostgreSQL 13 to 18
SELECT what
FROM (
    SELECT 'relation ' || c.oid::regclass::text AS what
    FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname <> 'information_schema' AND n.nspname !~ '^pg_' AND c.oid >= 16384
    UNION ALL
    SELECT 'function ' || p.oid::regprocedure::text
    FROM pg_proc AS p
    JOIN pg_namespace AS n ON n.oid = p.pronamespace
    WHERE n.nspname <> 'information_schema' AND n.nspname !~ '^pg_' AND p.oid >= 16384
    UNION ALL
    SELECT 'type ' || t.oid::regtype::text
    FROM pg_type AS t
    JOIN pg_namespace AS n ON n.oid = t.typnamespace
    WHERE n.nspname <> 'information_schema' AND n.nspname !~ '^pg_' AND t.oid >= 16384
    UNION ALL
    SELECT 'schema ' || n.nspname
    FROM pg_namespace AS n
    WHERE n.oid >= 16384 AND n.nspname !~ '^pg_'
    UNION ALL
    SELECT 'extension ' || e.extname
    FROM pg_extension AS e
    WHERE e.extname <> 'plpgsql'
    UNION ALL
    SELECT 'large object ' || m.oid
    FROM pg_largeobject_metadata AS m
) AS objects
LIMIT 1
