-- PostgreSQL 13 to 18
SELECT 'SUBSCRIPTION ' || quote_ident(s.subname) AS object,
    'this role may not read its connection string, which may hold a password; a superuser may' AS reason,
    'subscription' AS kind, 1 AS number
FROM pg_subscription AS s
WHERE s.subdbid = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
  AND NOT has_table_privilege('pg_subscription', 'SELECT')
UNION ALL
SELECT format('rows of FOREIGN TABLE %s', f.ftrelid::regclass), 'they are on another server; the table itself is carried', NULL, NULL
FROM pg_foreign_table AS f
UNION ALL
SELECT format('%s prepared transactions', count(*)), 'what they changed isn''t committed, and so not in the backup', NULL, NULL
FROM pg_prepared_xacts AS x
WHERE x.database = current_database()
HAVING count(*) > 0
UNION ALL
SELECT
    format('options of USER MAPPING FOR %s SERVER %I', CASE WHEN m.umuser = 0 THEN 'PUBLIC' ELSE quote_ident(m.usename) END, m.srvname),
    'this role isn''t shown them, if there are any; a superuser is', NULL, NULL
FROM pg_user_mappings AS m
WHERE m.umoptions IS NULL AND current_setting('is_superuser') = 'off'
UNION ALL
SELECT DISTINCT
    format('disabled triggers of the foreign keys of TABLE %s', t.tgrelid::regclass),
    'restored, foreign keys are enforced; rows that violate them would end the restore', NULL, NULL::int
FROM pg_trigger AS t
JOIN pg_constraint AS k ON k.oid = t.tgconstraint
WHERE k.contype = 'f' AND t.tgisinternal AND t.tgenabled <> 'O'
UNION ALL -- from 14
SELECT format('PARTITION %s of %s', i.inhrelid::regclass, i.inhparent::regclass), -- from 14
    'it was being detached; restored, it is a table of its own', NULL, NULL -- from 14
FROM pg_inherits AS i -- from 14
WHERE i.inhdetachpending -- from 14
