-- PostgreSQL 13 to 18
SELECT
    'pg_rewrite'::regclass::int8 AS class,
    r.oid::int8 AS oid,
    n.nspname AS schema,
    r.rulename AS name,
    format('RULE %I ON %I.%I', r.rulename, n.nspname, c.relname) AS address,
    NULL AS owner,
    json_build_array(
        rtrim(pg_get_ruledef(r.oid), ';'),
        CASE r.ev_enabled
            WHEN 'D' THEN format('ALTER TABLE %I.%I DISABLE RULE %I', n.nspname, c.relname, r.rulename)
            WHEN 'R' THEN format('ALTER TABLE %I.%I ENABLE REPLICA RULE %I', n.nspname, c.relname, r.rulename)
            WHEN 'A' THEN format('ALTER TABLE %I.%I ENABLE ALWAYS RULE %I', n.nspname, c.relname, r.rulename)
        END
    ) AS statements,
    -- An extension's table has what the extension made by itself, and perhaps more.
    (
        SELECT format(
            'EXISTS (SELECT FROM pg_catalog.pg_rewrite WHERE ev_class = %L::pg_catalog.regclass AND rulename = %L)',
            format('%I.%I', n.nspname, c.relname), r.rulename
        )
        FROM pg_depend AS e
        WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e'
    ) AS unless
FROM pg_rewrite AS r
JOIN pg_class AS c ON c.oid = r.ev_class
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE r.rulename <> '_RETURN'
  AND n.nspname <> 'information_schema'
  AND n.nspname !~ '^pg_'
ORDER BY n.nspname, c.relname, r.rulename
