-- PostgreSQL 13 to 18
SELECT
    'pg_collation'::regclass::int8 AS class,
    c.oid::int8 AS oid,
    n.nspname AS schema,
    c.collname AS name,
    format('COLLATION %I.%I', n.nspname, c.collname) AS address,
    pg_get_userbyid(c.collowner) AS owner,
    json_build_array(format('CREATE COLLATION %I.%I (%s)', n.nspname, c.collname, concat_ws(
        ', ',
        CASE c.collprovider WHEN 'i' THEN 'provider = icu' WHEN 'c' THEN 'provider = libc' WHEN 'b' THEN 'provider = builtin' END,
        CASE WHEN NOT c.collisdeterministic THEN 'deterministic = false' END,
        CASE
            WHEN c.collprovider = 'i' THEN format('locale = %L', c.collcollate) -- until 14
            WHEN c.collprovider = 'i' THEN format('locale = %L', c.colliculocale) -- from 15 until 16
            WHEN c.collprovider IN ('i', 'b') THEN format('locale = %L', c.colllocale) -- from 17
            WHEN c.collcollate = c.collctype THEN format('locale = %L', c.collcollate)
            ELSE format('lc_collate = %L, lc_ctype = %L', c.collcollate, c.collctype)
        END,
        CASE WHEN c.collicurules IS NOT NULL THEN format('rules = %L', c.collicurules) END -- from 16
        NULL -- until 15
    ))) AS statements
FROM pg_collation AS c
JOIN pg_namespace AS n ON n.oid = c.collnamespace
WHERE n.nspname <> 'information_schema'
  AND n.nspname !~ '^pg_'
  AND NOT EXISTS (
      SELECT FROM pg_depend AS e
      WHERE e.classid = 'pg_collation'::regclass AND e.objid = c.oid AND e.deptype = 'e'
  )
