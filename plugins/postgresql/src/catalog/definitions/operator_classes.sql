-- PostgreSQL 13 to 18
SELECT
    'pg_opclass'::regclass::int8 AS class,
    c.oid::int8 AS oid,
    n.nspname AS schema,
    c.opcname AS name,
    format('OPERATOR CLASS %I.%I USING %I', n.nspname, c.opcname, am.amname) AS address,
    pg_get_userbyid(c.opcowner) AS owner,
    json_build_array(format(
        'CREATE OPERATOR CLASS %I.%I %sFOR TYPE %s USING %I FAMILY %I.%I AS %s',
        n.nspname,
        c.opcname,
        CASE WHEN c.opcdefault THEN 'DEFAULT ' ELSE '' END,
        format_type(c.opcintype, NULL),
        am.amname,
        fn.nspname,
        f.opfname,
        concat_ws(
            ', ',
            CASE WHEN c.opckeytype <> 0 THEN 'STORAGE ' || format_type(c.opckeytype, NULL) END,
            (
                SELECT string_agg(
                    format('OPERATOR %s %s', o.amopstrategy, o.amopopr::regoperator)
                    || CASE WHEN s.oid IS NULL THEN '' ELSE format(' FOR ORDER BY %I.%I', sn.nspname, s.opfname) END,
                    ', ' ORDER BY o.amopstrategy
                )
                FROM pg_amop AS o
                JOIN pg_depend AS d
                    ON d.classid = 'pg_amop'::regclass AND d.objid = o.oid
                    AND d.refclassid = 'pg_opclass'::regclass AND d.refobjid = c.oid AND d.deptype = 'i'
                LEFT JOIN pg_opfamily AS s ON s.oid = o.amopsortfamily
                LEFT JOIN pg_namespace AS sn ON sn.oid = s.opfnamespace
            ),
            (
                SELECT string_agg(
                    format(
                        'FUNCTION %s (%s, %s) %s', p.amprocnum,
                        format_type(p.amproclefttype, NULL), format_type(p.amprocrighttype, NULL), p.amproc::regprocedure
                    ),
                    ', ' ORDER BY p.amprocnum
                )
                FROM pg_amproc AS p
                JOIN pg_depend AS d
                    ON d.classid = 'pg_amproc'::regclass AND d.objid = p.oid
                    AND d.refclassid = 'pg_opclass'::regclass AND d.refobjid = c.oid AND d.deptype = 'i'
            ),
            -- A class may have no members at all; its storage type is what the syntax accepts then.
            CASE
                WHEN c.opckeytype = 0 AND NOT EXISTS (
                    SELECT FROM pg_depend AS d
                    WHERE d.refclassid = 'pg_opclass'::regclass AND d.refobjid = c.oid AND d.deptype = 'i'
                )
                THEN 'STORAGE ' || format_type(c.opcintype, NULL)
            END
        )
    )) AS statements
FROM pg_opclass AS c
JOIN pg_namespace AS n ON n.oid = c.opcnamespace
JOIN pg_am AS am ON am.oid = c.opcmethod
JOIN pg_opfamily AS f ON f.oid = c.opcfamily
JOIN pg_namespace AS fn ON fn.oid = f.opfnamespace
WHERE n.nspname <> 'information_schema'
  AND n.nspname !~ '^pg_'
  AND NOT EXISTS (
      SELECT FROM pg_depend AS e
      WHERE e.classid = 'pg_opclass'::regclass AND e.objid = c.oid AND e.deptype = 'e'
  )
