-- PostgreSQL 13 to 18
SELECT
    'pg_publication'::regclass::int8 AS class,
    p.oid::int8 AS oid,
    NULL AS schema,
    p.pubname AS name,
    format('PUBLICATION %I', p.pubname) AS address,
    pg_get_userbyid(p.pubowner) AS owner,
    (
        SELECT json_agg(s.statement ORDER BY s.step, s.statement)
        FROM (
            SELECT
                0 AS step,
                format(
                    'CREATE PUBLICATION %I%s WITH (publish = %L, publish_via_partition_root = %s%s)',
                    p.pubname,
                    CASE WHEN p.puballtables THEN ' FOR ALL TABLES' ELSE '' END,
                    concat_ws(
                        ', ',
                        CASE WHEN p.pubinsert THEN 'insert' END,
                        CASE WHEN p.pubupdate THEN 'update' END,
                        CASE WHEN p.pubdelete THEN 'delete' END,
                        CASE WHEN p.pubtruncate THEN 'truncate' END
                    ),
                    CASE WHEN p.pubviaroot THEN 'true' ELSE 'false' END,
                    CASE WHEN p.pubgencols = 's' THEN ', publish_generated_columns = stored' ELSE '' END -- from 18
                    '' -- until 17
                ) AS statement
            UNION ALL
            SELECT
                1,
                concat_ws(
                    ' ',
                    format('ALTER PUBLICATION %I ADD TABLE ONLY %I.%I', p.pubname, n.nspname, c.relname),
                    ( -- from 15
                        SELECT format('(%s)', string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum)) -- from 15
                        FROM pg_attribute AS a -- from 15
                        WHERE a.attrelid = c.oid AND a.attnum = ANY (r.prattrs) -- from 15
                        HAVING count(*) > 0 -- from 15
                    ), -- from 15
                    'WHERE (' || pg_get_expr(r.prqual, r.prrelid) || ')' -- from 15
                    NULL -- until 14
                )
            FROM pg_publication_rel AS r
            JOIN pg_class AS c ON c.oid = r.prrelid
            JOIN pg_namespace AS n ON n.oid = c.relnamespace
            WHERE r.prpubid = p.oid
            UNION ALL -- from 15
            SELECT 2, format('ALTER PUBLICATION %I ADD TABLES IN SCHEMA %I', p.pubname, n.nspname) -- from 15
            FROM pg_publication_namespace AS s JOIN pg_namespace AS n ON n.oid = s.pnnspid -- from 15
            WHERE s.pnpubid = p.oid -- from 15
        ) AS s
    ) AS statements
FROM pg_publication AS p
WHERE NOT EXISTS (
    SELECT FROM pg_depend AS e
    WHERE e.classid = 'pg_publication'::regclass AND e.objid = p.oid AND e.deptype = 'e'
)
ORDER BY p.pubname
