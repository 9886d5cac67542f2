-- PostgreSQL 13 to 18
SELECT
    'pg_statistic_ext'::regclass::int8 AS class,
    s.oid::int8 AS oid,
    n.nspname AS schema,
    s.stxname AS name,
    format('STATISTICS %I.%I', n.nspname, s.stxname) AS address,
    pg_get_userbyid(s.stxowner) AS owner,
    json_build_array(
        pg_get_statisticsobjdef(s.oid),
        CASE
            WHEN s.stxstattarget >= 0
            THEN format('ALTER STATISTICS %I.%I SET STATISTICS %s', n.nspname, s.stxname, s.stxstattarget)
        END
    ) AS statements
FROM pg_statistic_ext AS s
JOIN pg_namespace AS n ON n.oid = s.stxnamespace
WHERE n.nspname <> 'information_schema'
  AND n.nspname !~ '^pg_'
  AND NOT EXISTS (
      SELECT FROM pg_depend AS e
      WHERE e.classid = 'pg_statistic_ext'::regclass AND e.objid = s.oid AND e.deptype = 'e'
  )
ORDER BY n.nspname, s.stxname
