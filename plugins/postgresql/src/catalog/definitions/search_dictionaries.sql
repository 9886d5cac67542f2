-- PostgreSQL 13 to 18
SELECT
    'pg_ts_dict'::regclass::int8 AS class,
    d.oid::int8 AS oid,
    n.nspname AS schema,
    d.dictname AS name,
    format('TEXT SEARCH DICTIONARY %I.%I', n.nspname, d.dictname) AS address,
    pg_get_userbyid(d.dictowner) AS owner,
    json_build_array(format('CREATE TEXT SEARCH DICTIONARY %I.%I (%s)', n.nspname, d.dictname, concat_ws(
        ', ',
        format('TEMPLATE = %I.%I', tn.nspname, t.tmplname),
        d.dictinitoption
    ))) AS statements
FROM pg_ts_dict AS d
JOIN pg_namespace AS n ON n.oid = d.dictnamespace
JOIN pg_ts_template AS t ON t.oid = d.dicttemplate
JOIN pg_namespace AS tn ON tn.oid = t.tmplnamespace
WHERE n.nspname <> 'information_schema'
  AND n.nspname !~ '^pg_'
  AND NOT EXISTS (
      SELECT FROM pg_depend AS e
      WHERE e.classid = 'pg_ts_dict'::regclass AND e.objid = d.oid AND e.deptype = 'e'
  )
