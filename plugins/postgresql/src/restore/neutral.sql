-- PostgreSQL 13 to 18
-- What acts on something outside of the database, or by itself, and the statement that ends it. Event triggers come first:
-- they would act on the statements after them.
SELECT kind, object, reason, statement
FROM (
    SELECT
        1 AS step,
        'changed' AS kind,
        format('EVENT TRIGGER %I', t.evtname) AS object,
        'disabled' AS reason,
        format('ALTER EVENT TRIGGER %I DISABLE', t.evtname) AS statement
    FROM pg_event_trigger AS t
    WHERE t.evtenabled <> 'D'
    UNION ALL
    SELECT
        2,
        'changed',
        format('SUBSCRIPTION %I', s.subname),
        'disabled and without its slot',
        concat_ws(
            '; ',
            CASE WHEN s.subenabled THEN format('ALTER SUBSCRIPTION %I DISABLE', s.subname) END,
            CASE WHEN s.subslotname IS NOT NULL THEN format('ALTER SUBSCRIPTION %I SET (slot_name = NONE)', s.subname) END
        )
    FROM pg_subscription AS s
    WHERE
        s.subdbid = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
        AND (s.subenabled OR s.subslotname IS NOT NULL)
    UNION ALL
    SELECT
        3,
        'left-out',
        format('USER MAPPING FOR %s SERVER %I', m.who, m.srvname),
        'it holds what opens another server',
        format('DROP USER MAPPING FOR %s SERVER %I', m.who, m.srvname)
    FROM (
        SELECT u.srvname, CASE WHEN u.umuser = 0 THEN 'PUBLIC' ELSE quote_ident(u.usename) END AS who
        FROM pg_user_mappings AS u
    ) AS m
) AS acting
ORDER BY step, object
