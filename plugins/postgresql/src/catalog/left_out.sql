-- PostgreSQL 13 to 18
SELECT 'SUBSCRIPTION ' || quote_ident(s.subname) AS object,
    'it would start to copy from its publisher; make it anew where it is wanted' AS reason,
    'subscription' AS kind, 1 AS number
FROM pg_subscription AS s
WHERE s.subdbid = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
UNION ALL
SELECT format('SECURITY LABEL of provider %s on %s objects', l.provider, count(*)), 'security labels aren''t carried yet',
    'security label', count(*)
FROM pg_seclabel AS l
GROUP BY l.provider
UNION ALL
SELECT format('TABLESPACE of %s', c.oid::regclass), format('it is in %I; restored, it is in the database''s own', t.spcname), NULL, NULL
FROM pg_class AS c
JOIN pg_tablespace AS t ON t.oid = c.reltablespace
WHERE c.oid >= 16384 AND c.relkind IN ('r', 'p', 'i', 'I', 'm')
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
SELECT format('OWNER of DATABASE %I', d.datname),
    format('it belongs to %I; restored, it belongs to the role that restores it', pg_get_userbyid(d.datdba)), NULL, NULL
FROM pg_database AS d
WHERE d.datname = current_database() AND pg_get_userbyid(d.datdba) <> current_user
UNION ALL
SELECT format('privileges on DATABASE %I', d.datname), 'restored, it has those of a new database; grant them where it is wanted', NULL, NULL
FROM pg_database AS d
WHERE d.datname = current_database() AND d.datacl IS NOT NULL
UNION ALL
SELECT format('COMMENT ON DATABASE %I', d.datname), 'comments on databases aren''t carried yet', NULL, NULL
FROM pg_database AS d
WHERE d.datname = current_database() AND shobj_description(d.oid, 'pg_database') IS NOT NULL
