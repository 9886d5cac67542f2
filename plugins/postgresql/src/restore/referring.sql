-- What refers to relations that are to be moved aside, and isn't moved or theirs: foreign keys and policies of other tables,
-- views, bodies of functions, publications, heirs, columns of a table's row type, defaults that draw from a sequence.
WITH RECURSIVE moved (oid) AS (
    SELECT named.oid::pg_catalog.oid FROM unnest(:named::pg_catalog.regclass[]) AS named (oid)
), own (classid, objid) AS (
    SELECT 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid, oid FROM moved
    UNION
    -- Automatic and internal dependencies, and those of partitions' indexes: what goes where the relation goes.
    SELECT d.classid, d.objid
    FROM pg_catalog.pg_depend AS d
    JOIN own AS o ON o.classid = d.refclassid AND o.objid = d.refobjid
    WHERE d.deptype IN ('a', 'i', 'P', 'S')
        AND d.classid <> 'pg_catalog.pg_publication_rel'::pg_catalog.regclass
        AND NOT (
            d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
            AND EXISTS (
                SELECT FROM pg_catalog.pg_class AS c WHERE c.oid = d.objid AND c.relkind IN ('r', 'p', 'f', 'v', 'm')
            )
        )
)
SELECT pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid)
FROM pg_catalog.pg_depend AS d
JOIN own AS o ON o.classid = d.refclassid AND o.objid = d.refobjid
WHERE NOT EXISTS (SELECT FROM own AS x WHERE x.classid = d.classid AND x.objid = d.objid)
UNION
SELECT pg_catalog.pg_describe_object('pg_catalog.pg_class'::pg_catalog.regclass, i.inhparent, 0) || ', which it inherits from'
FROM pg_catalog.pg_inherits AS i
WHERE i.inhrelid IN (SELECT oid FROM moved) AND i.inhparent NOT IN (SELECT oid FROM moved)
UNION
SELECT pg_catalog.pg_describe_object(d.refclassid, d.refobjid, 0) || ', which it belongs to'
FROM pg_catalog.pg_depend AS d
WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid IN (SELECT oid FROM moved) AND d.deptype = 'e'
UNION
SELECT 'subscription ' || s.subname
FROM pg_catalog.pg_subscription_rel AS r
JOIN pg_catalog.pg_subscription AS s ON s.oid = r.srsubid
WHERE r.srrelid IN (SELECT oid FROM moved)
ORDER BY 1
