-- PostgreSQL 13 to 18
-- Made without a word to the publisher: disabled, and with the slot only named. Only a role that may read the connection
-- strings, which hold passwords, may run this.
SELECT
    'pg_subscription'::regclass::int8 AS class,
    s.oid::int8 AS oid,
    NULL AS schema,
    s.subname AS name,
    format('SUBSCRIPTION %I', s.subname) AS address,
    pg_get_userbyid(s.subowner) AS owner,
    json_build_array(
        format(
            'CREATE SUBSCRIPTION %I CONNECTION %L PUBLICATION %s WITH (%s)',
            s.subname,
            s.subconninfo,
            (SELECT string_agg(quote_ident(p.name), ', ' ORDER BY p.position) FROM unnest(s.subpublications) WITH ORDINALITY AS p (name, position)),
            concat_ws(
                ', ',
                'connect = false',
                CASE WHEN s.subslotname IS NULL THEN 'slot_name = NONE' ELSE format('slot_name = %L', s.subslotname) END,
                format('synchronous_commit = %L', s.subsynccommit),
                CASE WHEN s.subbinary THEN 'binary = true' END, -- from 14
                CASE WHEN s.substream THEN 'streaming = on' ELSE 'streaming = off' END, -- from 14 until 15
                CASE s.substream WHEN 't' THEN 'streaming = on' WHEN 'p' THEN 'streaming = parallel' ELSE 'streaming = off' END, -- from 16
                CASE WHEN s.subtwophasestate <> 'd' THEN 'two_phase = on' END, -- from 15
                CASE WHEN s.subdisableonerr THEN 'disable_on_error = true' END, -- from 15
                CASE WHEN NOT s.subpasswordrequired THEN 'password_required = false' END, -- from 16
                CASE WHEN s.subrunasowner THEN 'run_as_owner = true' END, -- from 16
                CASE WHEN s.suborigin <> 'any' THEN format('origin = %L', s.suborigin) END, -- from 16
                CASE WHEN s.subfailover THEN 'failover = true' END, -- from 17
                NULL
            )
        ),
        -- Newer servers stream, and apply as the owners of tables, unless told otherwise.
        format('DO %L', format( -- until 13
            'BEGIN IF current_setting(''server_version_num'')::pg_catalog.int4 >= 140000 THEN EXECUTE %L; END IF; END', -- until 13
            format('ALTER SUBSCRIPTION %I SET (streaming = off)', s.subname) -- until 13
        )), -- until 13
        format('DO %L', format( -- until 15
            'BEGIN IF current_setting(''server_version_num'')::pg_catalog.int4 >= 160000 THEN EXECUTE %L; END IF; END', -- until 15
            format('ALTER SUBSCRIPTION %I SET (run_as_owner = true)', s.subname) -- until 15
        )), -- until 15
        NULL
    ) AS statements
FROM pg_subscription AS s
WHERE s.subdbid = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
ORDER BY s.subname
