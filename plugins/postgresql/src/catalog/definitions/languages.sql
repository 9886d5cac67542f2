-- PostgreSQL 13 to 18
SELECT
    'pg_language'::regclass::int8 AS class,
    l.oid::int8 AS oid,
    NULL AS schema,
    l.lanname AS name,
    format('LANGUAGE %I', l.lanname) AS address,
    pg_get_userbyid(l.lanowner) AS owner,
    json_build_array(concat_ws(
        ' ',
        format('CREATE %sLANGUAGE %I', CASE WHEN l.lanpltrusted THEN 'TRUSTED ' ELSE '' END, l.lanname),
        'HANDLER ' || l.lanplcallfoid::regproc,
        CASE WHEN l.laninline <> 0 THEN 'INLINE ' || l.laninline::regproc END,
        CASE WHEN l.lanvalidator <> 0 THEN 'VALIDATOR ' || l.lanvalidator::regproc END
    )) AS statements
FROM pg_language AS l
WHERE l.lanispl
  AND NOT EXISTS (
      SELECT FROM pg_depend AS e
      WHERE e.classid = 'pg_language'::regclass AND e.objid = l.oid AND e.deptype = 'e'
  )
