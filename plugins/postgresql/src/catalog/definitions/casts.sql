-- PostgreSQL 13 to 18
SELECT
    'pg_cast'::regclass::int8 AS class,
    c.oid::int8 AS oid,
    NULL AS schema,
    format('%s AS %s', format_type(c.castsource, NULL), format_type(c.casttarget, NULL)) AS name,
    format('CAST (%s AS %s)', format_type(c.castsource, NULL), format_type(c.casttarget, NULL)) AS address,
    NULL AS owner,
    json_build_array(format(
        'CREATE CAST (%s AS %s) %s%s',
        format_type(c.castsource, NULL),
        format_type(c.casttarget, NULL),
        CASE c.castmethod
            WHEN 'f' THEN 'WITH FUNCTION ' || c.castfunc::regprocedure
            WHEN 'i' THEN 'WITH INOUT'
            ELSE 'WITHOUT FUNCTION'
        END,
        CASE c.castcontext WHEN 'a' THEN ' AS ASSIGNMENT' WHEN 'i' THEN ' AS IMPLICIT' ELSE '' END
    )) AS statements
FROM pg_cast AS c
WHERE c.oid >= 16384
  AND NOT EXISTS (
      SELECT FROM pg_depend AS e
      WHERE e.classid = 'pg_cast'::regclass AND e.objid = c.oid AND e.deptype IN ('e', 'i')
  )
