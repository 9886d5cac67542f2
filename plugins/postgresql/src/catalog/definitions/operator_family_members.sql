-- PostgreSQL 13 to 18
-- Members of a family that belong to none of its classes. They come after the classes.
SELECT
    0 AS class,
    f.oid::int8 AS oid,
    n.nspname AS schema,
    f.opfname AS name,
    format('OPERATOR FAMILY %I.%I USING %I', n.nspname, f.opfname, am.amname) AS address,
    NULL AS owner,
    json_build_array(
        format('ALTER OPERATOR FAMILY %I.%I USING %I ADD ', n.nspname, f.opfname, am.amname) || string_agg(m.item, ', ')
    ) AS statements,
    json_build_array(json_build_object('class', 'pg_opfamily'::regclass::int8, 'oid', f.oid::int8)) AS needs
FROM pg_opfamily AS f
JOIN pg_namespace AS n ON n.oid = f.opfnamespace
JOIN pg_am AS am ON am.oid = f.opfmethod
JOIN (
    SELECT
        o.amopfamily AS family,
        format('OPERATOR %s %s', o.amopstrategy, o.amopopr::regoperator)
        || CASE WHEN s.oid IS NULL THEN '' ELSE format(' FOR ORDER BY %I.%I', sn.nspname, s.opfname) END AS item
    FROM pg_amop AS o
    LEFT JOIN pg_opfamily AS s ON s.oid = o.amopsortfamily
    LEFT JOIN pg_namespace AS sn ON sn.oid = s.opfnamespace
    WHERE NOT EXISTS (
        SELECT FROM pg_depend AS d
        WHERE d.classid = 'pg_amop'::regclass AND d.objid = o.oid
          AND (d.refclassid = 'pg_opclass'::regclass AND d.deptype = 'i' OR d.deptype = 'e')
    )
    UNION ALL
    SELECT
        p.amprocfamily,
        format(
            'FUNCTION %s (%s, %s) %s', p.amprocnum,
            format_type(p.amproclefttype, NULL), format_type(p.amprocrighttype, NULL), p.amproc::regprocedure
        )
    FROM pg_amproc AS p
    WHERE NOT EXISTS (
        SELECT FROM pg_depend AS d
        WHERE d.classid = 'pg_amproc'::regclass AND d.objid = p.oid
          AND (d.refclassid = 'pg_opclass'::regclass AND d.deptype = 'i' OR d.deptype = 'e')
    )
) AS m ON m.family = f.oid
WHERE n.nspname <> 'information_schema'
  AND n.nspname !~ '^pg_'
  AND NOT EXISTS (
      SELECT FROM pg_depend AS e
      WHERE e.classid = 'pg_opfamily'::regclass AND e.objid = f.oid AND e.deptype = 'e'
  )
GROUP BY f.oid, n.nspname, f.opfname, am.amname
