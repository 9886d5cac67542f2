-- PostgreSQL 13 to 18
SELECT
    l.provider,
    l.label,
    l.classoid::int8 AS class,
    l.objoid::int8 AS oid,
    CASE
        WHEN o.type LIKE '% column' THEN 'COLUMN ' || o.identity
        WHEN o.type = 'composite type' THEN 'TYPE ' || o.identity
        -- An aggregate of no arguments is one of a star to statements.
        WHEN o.type = 'aggregate' THEN 'AGGREGATE ' || regexp_replace(o.identity, '\(\)$', '(*)')
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
UNION ALL -- from 14
SELECT l.provider, l.label, l.classoid::int8, l.objoid::int8, 'SUBSCRIPTION ' || quote_ident(s.subname) -- from 14
FROM pg_shseclabel AS l -- from 14
JOIN pg_subscription AS s ON s.oid = l.objoid -- from 14
JOIN pg_database AS d ON d.oid = s.subdbid -- from 14
WHERE l.classoid = 'pg_subscription'::regclass AND d.datname = current_database() -- from 14
  -- Who may not read connection strings has no subscriptions either. -- from 14
  AND has_table_privilege('pg_subscription', 'SELECT') -- from 14
ORDER BY target, provider
