-- PostgreSQL 13 to 18
SELECT
    'pg_opfamily'::regclass::int8 AS class,
    f.oid::int8 AS oid,
    n.nspname AS schema,
    f.opfname AS name,
    format('OPERATOR FAMILY %I.%I USING %I', n.nspname, f.opfname, am.amname) AS address,
    pg_get_userbyid(f.opfowner) AS owner,
    json_build_array(format('CREATE OPERATOR FAMILY %I.%I USING %I', n.nspname, f.opfname, am.amname)) AS statements
FROM pg_opfamily AS f
JOIN pg_namespace AS n ON n.oid = f.opfnamespace
JOIN pg_am AS am ON am.oid = f.opfmethod
WHERE n.nspname <> 'information_schema'
  AND n.nspname !~ '^pg_'
  AND NOT EXISTS (
      SELECT FROM pg_depend AS e
      WHERE e.classid = 'pg_opfamily'::regclass AND e.objid = f.oid AND e.deptype = 'e'
  )
