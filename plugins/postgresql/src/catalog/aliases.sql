-- PostgreSQL 13 to 18
-- Catalogue entries that are part of an object, and that object.
SELECT 'pg_type'::regclass::int8 AS class, t.oid::int8 AS oid,
    'pg_class'::regclass::int8 AS of_class, t.typrelid::int8 AS of_oid
FROM pg_type AS t
JOIN pg_class AS c ON c.oid = t.typrelid
WHERE c.relkind <> 'c' AND t.oid >= 16384
UNION ALL
SELECT 'pg_class'::regclass::int8, c.oid::int8, 'pg_type'::regclass::int8, c.reltype::int8
FROM pg_class AS c
WHERE c.relkind = 'c' AND c.oid >= 16384
UNION ALL
SELECT 'pg_type'::regclass::int8, t.typarray::int8, 'pg_type'::regclass::int8, t.oid::int8
FROM pg_type AS t
WHERE t.typarray >= 16384
UNION ALL -- from 14
SELECT 'pg_type'::regclass::int8, r.rngmultitypid::int8, 'pg_type'::regclass::int8, r.rngtypid::int8 -- from 14
FROM pg_range AS r -- from 14
WHERE r.rngmultitypid >= 16384 -- from 14
UNION ALL
SELECT 'pg_rewrite'::regclass::int8, r.oid::int8, 'pg_class'::regclass::int8, r.ev_class::int8
FROM pg_rewrite AS r
WHERE r.oid >= 16384 AND r.rulename = '_RETURN'
UNION ALL
SELECT 'pg_attrdef'::regclass::int8, d.oid::int8, 'pg_class'::regclass::int8, d.adrelid::int8
FROM pg_attrdef AS d
WHERE d.oid >= 16384
UNION ALL
SELECT 'pg_constraint'::regclass::int8, c.oid::int8, 'pg_class'::regclass::int8, c.conrelid::int8
FROM pg_constraint AS c
WHERE c.oid >= 16384 AND c.contype IN ('c', 'n') AND c.conrelid <> 0
UNION ALL
SELECT 'pg_constraint'::regclass::int8, c.oid::int8, 'pg_type'::regclass::int8, c.contypid::int8
FROM pg_constraint AS c
WHERE c.oid >= 16384 AND c.contypid <> 0
UNION ALL
SELECT 'pg_publication_rel'::regclass::int8, r.oid::int8, 'pg_publication'::regclass::int8, r.prpubid::int8
FROM pg_publication_rel AS r
UNION ALL
SELECT 'pg_publication_namespace'::regclass::int8, s.oid::int8, 'pg_publication'::regclass::int8, s.pnpubid::int8 -- from 15
FROM pg_publication_namespace AS s -- from 15
UNION ALL -- from 15
SELECT
    'pg_amop'::regclass::int8, o.oid::int8,
    coalesce(d.refclassid, 'pg_opfamily'::regclass)::int8, coalesce(d.refobjid, o.amopfamily)::int8
FROM pg_amop AS o
LEFT JOIN pg_depend AS d
    ON d.classid = 'pg_amop'::regclass AND d.objid = o.oid
    AND d.refclassid = 'pg_opclass'::regclass AND d.deptype = 'i'
WHERE o.oid >= 16384
UNION ALL
SELECT
    'pg_amproc'::regclass::int8, p.oid::int8,
    coalesce(d.refclassid, 'pg_opfamily'::regclass)::int8, coalesce(d.refobjid, p.amprocfamily)::int8
FROM pg_amproc AS p
LEFT JOIN pg_depend AS d
    ON d.classid = 'pg_amproc'::regclass AND d.objid = p.oid
    AND d.refclassid = 'pg_opclass'::regclass AND d.deptype = 'i'
WHERE p.oid >= 16384
UNION ALL
SELECT d.classid::int8, d.objid::int8, d.refclassid::int8, d.refobjid::int8
FROM pg_depend AS d
WHERE d.deptype = 'e' AND d.refclassid = 'pg_extension'::regclass AND d.objid >= 16384
