-- PostgreSQL 13 to 18
SELECT
    l.provider,
    l.label,
    l.classoid::int8 AS class,
    l.objoid::int8 AS oid,
    CASE
        WHEN o.type LIKE '% column' THEN 'COLUMN ' || o.identity
        WHEN o.type = 'composite type' THEN 'TYPE ' || o.identity
        ELSE upper(o.type) || ' ' || o.identity
    END AS target
FROM pg_seclabel AS l
CROSS JOIN LATERAL pg_identify_object(l.classoid, l.objoid, l.objsubid) AS o
WHERE o.identity IS NOT NULL
UNION ALL
SELECT l.provider, l.label, l.classoid::int8, l.objoid::int8, 'DATABASE'
FROM pg_shseclabel AS l
JOIN pg_database AS d ON d.oid = l.objoid
WHERE l.classoid = 'pg_database'::regclass AND d.datname = current_database()
ORDER BY target, provider
