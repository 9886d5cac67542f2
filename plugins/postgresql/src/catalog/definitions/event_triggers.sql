-- PostgreSQL 13 to 18
SELECT
    'pg_event_trigger'::regclass::int8 AS class,
    t.oid::int8 AS oid,
    NULL AS schema,
    t.evtname AS name,
    format('EVENT TRIGGER %I', t.evtname) AS address,
    pg_get_userbyid(t.evtowner) AS owner,
    json_build_array(
        concat_ws(
            ' ',
            format('CREATE EVENT TRIGGER %I ON %s', t.evtname, t.evtevent),
            'WHEN TAG IN (' || (SELECT string_agg(quote_literal(tag), ', ') FROM unnest(t.evttags) AS tag) || ')',
            format('EXECUTE FUNCTION %s()', t.evtfoid::regproc)
        ),
        CASE t.evtenabled
            WHEN 'D' THEN format('ALTER EVENT TRIGGER %I DISABLE', t.evtname)
            WHEN 'R' THEN format('ALTER EVENT TRIGGER %I ENABLE REPLICA', t.evtname)
            WHEN 'A' THEN format('ALTER EVENT TRIGGER %I ENABLE ALWAYS', t.evtname)
        END
    ) AS statements
FROM pg_event_trigger AS t
WHERE NOT EXISTS (
    SELECT FROM pg_depend AS e
    WHERE e.classid = 'pg_event_trigger'::regclass AND e.objid = t.oid AND e.deptype = 'e'
)
ORDER BY t.evtname
