-- PostgreSQL 13 to 18
-- What users made has an oid from 16384 on (FirstNormalObjectId); the other queries go by names. 10 is who made the server.
SELECT 'role' AS kind, count(*) AS counted FROM pg_roles AS r WHERE r.oid >= 16384 OR r.oid = 10
UNION ALL
SELECT 'role setting', count(*)
FROM pg_db_role_setting AS s CROSS JOIN unnest(s.setconfig) AS c (setting)
WHERE s.setdatabase = 0 AND s.setrole <> 0
UNION ALL
SELECT 'role membership', count(DISTINCT (a.roleid, a.member))
FROM pg_auth_members AS a WHERE a.member >= 16384 OR a.member = 10
UNION ALL
SELECT 'tablespace', count(*) FROM pg_tablespace AS t WHERE t.oid >= 16384
