-- PostgreSQL 13 to 18
SELECT
    'pg_ts_template'::regclass::int8 AS class,
    t.oid::int8 AS oid,
    n.nspname AS schema,
    t.tmplname AS name,
    format('TEXT SEARCH TEMPLATE %I.%I', n.nspname, t.tmplname) AS address,
    NULL AS owner,
    json_build_array(format('CREATE TEXT SEARCH TEMPLATE %I.%I (%s)', n.nspname, t.tmplname, concat_ws(
        ', ',
        CASE WHEN t.tmplinit <> 0 THEN 'INIT = ' || t.tmplinit END,
        'LEXIZE = ' || t.tmpllexize
    ))) AS statements
FROM pg_ts_template AS t
JOIN pg_namespace AS n ON n.oid = t.tmplnamespace
WHERE n.nspname <> 'information_schema'
  AND n.nspname !~ '^pg_'
  AND NOT EXISTS (
      SELECT FROM pg_depend AS e
      WHERE e.classid = 'pg_ts_template'::regclass AND e.objid = t.oid AND e.deptype = 'e'
  )
