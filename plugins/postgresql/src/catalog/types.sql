-- PostgreSQL 13 to 18
SELECT
    t.oid::int8 AS oid,
    n.nspname AS schema,
    t.typname AS name,
    pg_get_userbyid(t.typowner) AS owner,
    CASE WHEN t.typisdefined THEN t.typtype ELSE 's' END AS kind,
    (SELECT json_agg(v.enumlabel ORDER BY v.enumsortorder) FROM pg_enum AS v WHERE v.enumtypid = t.oid) AS labels,
    (
        SELECT json_agg(
            json_build_object(
                'name', a.attname,
                'type', format_type(a.atttypid, a.atttypmod),
                'collation', CASE
                    WHEN a.attcollation <> at.typcollation THEN format('%I.%I', acn.nspname, ac.collname)
                END
            ) ORDER BY a.attnum
        )
        FROM pg_attribute AS a
        JOIN pg_type AS at ON at.oid = a.atttypid
        LEFT JOIN pg_collation AS ac ON ac.oid = a.attcollation
        LEFT JOIN pg_namespace AS acn ON acn.oid = ac.collnamespace
        WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
    ) AS attributes,
    format_type(t.typbasetype, t.typtypmod) AS base,
    t.typnotnull AS not_null,
    (SELECT nn.oid::int8 FROM pg_constraint AS nn WHERE nn.contypid = t.oid AND nn.contype = 'n') AS not_null_oid, -- from 17
    NULL AS not_null_oid, -- until 16
    (SELECT nn.conname FROM pg_constraint AS nn WHERE nn.contypid = t.oid AND nn.contype = 'n') AS not_null_name, -- from 17
    NULL AS not_null_name, -- until 16
    pg_get_expr(t.typdefaultbin, 0) AS default_expression,
    t.typdefault AS default_text,
    CASE WHEN t.typcollation <> bt.typcollation THEN format('%I.%I', cn.nspname, co.collname) END AS collation,
    t.typcollation <> 0 AS collatable,
    format_type(r.rngsubtype, NULL) AS subtype,
    (
        SELECT format('%I.%I', ocn.nspname, oc.opcname)
        FROM pg_opclass AS oc
        JOIN pg_namespace AS ocn ON ocn.oid = oc.opcnamespace
        WHERE oc.oid = r.rngsubopc AND NOT oc.opcdefault
    ) AS subtype_opclass,
    (
        SELECT format('%I.%I', rn.nspname, rc.collname)
        FROM pg_collation AS rc
        JOIN pg_namespace AS rn ON rn.oid = rc.collnamespace
        JOIN pg_type AS st ON st.oid = r.rngsubtype
        WHERE rc.oid = r.rngcollation AND r.rngcollation <> st.typcollation
    ) AS range_collation,
    NULLIF(r.rngcanonical::oid, 0)::regproc::text AS canonical,
    NULLIF(r.rngsubdiff::oid, 0)::regproc::text AS subtype_diff,
    (SELECT m.typname FROM pg_type AS m WHERE m.oid = r.rngmultitypid) AS multirange, -- from 14
    NULL AS multirange, -- until 13
    CASE WHEN t.typtype = 'b' THEN t.typinput::text END AS input,
    CASE WHEN t.typtype = 'b' THEN t.typoutput::text END AS output,
    NULLIF(t.typreceive::oid, 0)::regproc::text AS receive,
    NULLIF(t.typsend::oid, 0)::regproc::text AS send,
    NULLIF(t.typmodin::oid, 0)::regproc::text AS modifier_input,
    NULLIF(t.typmodout::oid, 0)::regproc::text AS modifier_output,
    CASE WHEN t.typtype = 'b' THEN NULLIF(t.typanalyze::oid, 0)::regproc::text END AS analyze,
    CASE WHEN t.typtype = 'b' THEN NULLIF(t.typsubscript::oid, 0)::regproc::text END AS subscript, -- from 14
    NULL AS subscript, -- until 13
    t.typlen AS length,
    t.typbyval AS by_value,
    t.typalign AS alignment,
    t.typstorage AS storage,
    t.typcategory AS category,
    t.typispreferred AS preferred,
    t.typdelim AS delimiter,
    CASE WHEN t.typelem <> 0 THEN format_type(t.typelem, NULL) END AS element
FROM pg_type AS t
JOIN pg_namespace AS n ON n.oid = t.typnamespace
LEFT JOIN pg_class AS c ON c.oid = t.typrelid
LEFT JOIN pg_type AS bt ON bt.oid = t.typbasetype
LEFT JOIN pg_collation AS co ON co.oid = t.typcollation
LEFT JOIN pg_namespace AS cn ON cn.oid = co.collnamespace
LEFT JOIN pg_range AS r ON r.rngtypid = t.oid
WHERE n.nspname <> 'information_schema'
  AND n.nspname !~ '^pg_'
  AND t.typtype <> 'm'
  AND (t.typrelid = 0 OR c.relkind = 'c')
  AND NOT EXISTS (SELECT FROM pg_type AS el WHERE el.oid = t.typelem AND el.typarray = t.oid)
  AND NOT EXISTS (
      SELECT FROM pg_depend AS e
      WHERE e.classid = 'pg_type'::regclass AND e.objid = t.oid AND e.deptype = 'e'
  )
