-- PostgreSQL 13 to 18
SELECT
    'pg_conversion'::regclass::int8 AS class,
    c.oid::int8 AS oid,
    n.nspname AS schema,
    c.conname AS name,
    format('CONVERSION %I.%I', n.nspname, c.conname) AS address,
    pg_get_userbyid(c.conowner) AS owner,
    json_build_array(format(
        'CREATE %sCONVERSION %I.%I FOR %L TO %L FROM %s',
        CASE WHEN c.condefault THEN 'DEFAULT ' ELSE '' END,
        n.nspname,
        c.conname,
        pg_encoding_to_char(c.conforencoding),
        pg_encoding_to_char(c.contoencoding),
        c.conproc
    )) AS statements
FROM pg_conversion AS c
JOIN pg_namespace AS n ON n.oid = c.connamespace
WHERE n.nspname <> 'information_schema'
  AND n.nspname !~ '^pg_'
  AND NOT EXISTS (
      SELECT FROM pg_depend AS e
      WHERE e.classid = 'pg_conversion'::regclass AND e.objid = c.oid AND e.deptype = 'e'
  )
