-- PostgreSQL 13 to 18
SELECT
    d.datname AS database,
    pg_encoding_to_char(d.encoding) AS encoding,
    d.datcollate AS collate,
    d.datctype AS ctype,
    d.datlocprovider AS locale_provider, -- from 15
    'c' AS locale_provider, -- until 14
    d.datlocale AS locale, -- from 17
    d.daticulocale AS locale, -- from 15 until 16
    NULL AS locale, -- until 14
    d.daticurules AS icu_rules, -- from 16
    NULL AS icu_rules, -- until 15
    pg_get_userbyid(d.datdba) AS owner,
    (SELECT t.spcname FROM pg_tablespace AS t WHERE t.oid = d.dattablespace) AS tablespace,
    pg_is_in_recovery() AS standby,
    current_setting('server_version') AS server_version,
    now()::text AS taken_at,
    CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END::text AS position,
    (
        SELECT json_agg(json_build_object('name', e.extname, 'version', e.extversion) ORDER BY e.extname)
        FROM pg_extension AS e
    ) AS extensions
FROM pg_database AS d
WHERE d.datname = current_database()
