-- What is moved aside: the named relations with their partitions, sequences that come along with their tables, and statistics,
-- which don't. For each its word in ALTER, whether it is moved by itself, whether the role owns it, its owner, its schema and
-- its name.
WITH RECURSIVE moved (oid) AS (
    SELECT named.oid::pg_catalog.oid FROM unnest(:named::pg_catalog.regclass[]) AS named (oid)
    UNION
    SELECT i.inhrelid
    FROM pg_catalog.pg_inherits AS i
    JOIN moved AS m ON m.oid = i.inhparent
    JOIN pg_catalog.pg_class AS c ON c.oid = i.inhrelid AND c.relispartition
), owned (oid) AS (
    SELECT d.objid
    FROM pg_catalog.pg_depend AS d
    JOIN moved AS m ON m.oid = d.refobjid
    JOIN pg_catalog.pg_class AS c ON c.oid = d.objid AND c.relkind = 'S'
    WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refclassid = d.classid AND d.deptype IN ('a', 'i')
)
SELECT
    CASE c.relkind
        WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE' WHEN 'f' THEN 'FOREIGN TABLE'
        ELSE 'TABLE'
    END,
    c.oid NOT IN (SELECT oid FROM owned),
    pg_catalog.pg_has_role(c.relowner, 'USAGE'),
    pg_catalog.pg_get_userbyid(c.relowner),
    n.nspname,
    c.relname
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.oid IN (SELECT oid FROM moved UNION SELECT oid FROM owned)
UNION ALL
SELECT
    'STATISTICS',
    true,
    pg_catalog.pg_has_role(s.stxowner, 'USAGE'),
    pg_catalog.pg_get_userbyid(s.stxowner),
    n.nspname,
    s.stxname
FROM pg_catalog.pg_statistic_ext AS s
JOIN pg_catalog.pg_namespace AS n ON n.oid = s.stxnamespace
WHERE s.stxrelid IN (SELECT oid FROM moved)
ORDER BY 5, 6
