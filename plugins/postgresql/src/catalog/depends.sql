-- PostgreSQL 13 to 18
SELECT
    d.classid::int8 AS class,
    d.objid::int8 AS oid,
    d.refclassid::int8 AS on_class,
    d.refobjid::int8 AS on_oid,
    bool_or(d.deptype <> 'n') AS part
FROM pg_depend AS d
WHERE d.deptype IN ('n', 'a', 'i', 'P', 'S')
  AND d.objid >= 16384
  AND d.refobjid >= 16384
  AND (d.classid, d.objid) <> (d.refclassid, d.refobjid)
GROUP BY d.classid, d.objid, d.refclassid, d.refobjid
