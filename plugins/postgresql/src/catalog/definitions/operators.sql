-- PostgreSQL 13 to 18
SELECT
    'pg_operator'::regclass::int8 AS class,
    o.oid::int8 AS oid,
    n.nspname AS schema,
    format('%s (%s, %s)', o.oprname, format_type(NULLIF(o.oprleft, 0), NULL), format_type(NULLIF(o.oprright, 0), NULL)) AS name,
    format(
        'OPERATOR %I.%s (%s, %s)',
        n.nspname,
        o.oprname,
        CASE WHEN o.oprleft = 0 THEN 'NONE' ELSE format_type(o.oprleft, NULL) END,
        CASE WHEN o.oprright = 0 THEN 'NONE' ELSE format_type(o.oprright, NULL) END
    ) AS address,
    pg_get_userbyid(o.oprowner) AS owner,
    json_build_array(format('CREATE OPERATOR %I.%s (%s)', n.nspname, o.oprname, concat_ws(
        ', ',
        'FUNCTION = ' || o.oprcode,
        CASE WHEN o.oprleft <> 0 THEN 'LEFTARG = ' || format_type(o.oprleft, NULL) END,
        CASE WHEN o.oprright <> 0 THEN 'RIGHTARG = ' || format_type(o.oprright, NULL) END,
        (
            SELECT format('COMMUTATOR = OPERATOR(%I.%s)', cn.nspname, c.oprname)
            FROM pg_operator AS c JOIN pg_namespace AS cn ON cn.oid = c.oprnamespace
            WHERE c.oid = o.oprcom
        ),
        (
            SELECT format('NEGATOR = OPERATOR(%I.%s)', cn.nspname, c.oprname)
            FROM pg_operator AS c JOIN pg_namespace AS cn ON cn.oid = c.oprnamespace
            WHERE c.oid = o.oprnegate
        ),
        CASE WHEN o.oprrest <> 0 THEN 'RESTRICT = ' || o.oprrest END,
        CASE WHEN o.oprjoin <> 0 THEN 'JOIN = ' || o.oprjoin END,
        CASE WHEN o.oprcanhash THEN 'HASHES' END,
        CASE WHEN o.oprcanmerge THEN 'MERGES' END
    ))) AS statements
FROM pg_operator AS o
JOIN pg_namespace AS n ON n.oid = o.oprnamespace
WHERE o.oprcode <> 0
  AND n.nspname <> 'information_schema'
  AND n.nspname !~ '^pg_'
  AND NOT EXISTS (
      SELECT FROM pg_depend AS e
      WHERE e.classid = 'pg_operator'::regclass AND e.objid = o.oid AND e.deptype = 'e'
  )
