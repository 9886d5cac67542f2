-- PostgreSQL 13 to 18
SELECT
    'pg_ts_parser'::regclass::int8 AS class,
    p.oid::int8 AS oid,
    n.nspname AS schema,
    p.prsname AS name,
    format('TEXT SEARCH PARSER %I.%I', n.nspname, p.prsname) AS address,
    NULL AS owner,
    json_build_array(format('CREATE TEXT SEARCH PARSER %I.%I (%s)', n.nspname, p.prsname, concat_ws(
        ', ',
        'START = ' || p.prsstart,
        'GETTOKEN = ' || p.prstoken,
        'END = ' || p.prsend,
        CASE WHEN p.prsheadline <> 0 THEN 'HEADLINE = ' || p.prsheadline END,
        'LEXTYPES = ' || p.prslextype
    ))) AS statements
FROM pg_ts_parser AS p
JOIN pg_namespace AS n ON n.oid = p.prsnamespace
WHERE n.nspname <> 'information_schema'
  AND n.nspname !~ '^pg_'
  AND NOT EXISTS (
      SELECT FROM pg_depend AS e
      WHERE e.classid = 'pg_ts_parser'::regclass AND e.objid = p.oid AND e.deptype = 'e'
  )
