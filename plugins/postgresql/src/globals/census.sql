-- PostgreSQL 13 to 18
-- What users made has an oid from 16384 on (FirstNormalObjectId); the other queries go by names. 10 is who made the server.
SELECT 'role' AS kind, count(*) AS counted FROM pg_roles AS r WHERE r.oid >= 16384 OR r.oid = 10
UNION ALL
SELECT 'role setting', count(*)
FROM pg_db_role_setting AS s CROSS JOIN unnest(s.setconfig) AS c (setting)
WHERE s.setdatabase = 0 AND s.setrole <> 0
UNION ALL
SELECT 'role label', count(*) FROM pg_shseclabel AS l WHERE l.classoid = 'pg_authid'::regclass
UNION ALL
SELECT 'role membership', count(DISTINCT (a.roleid, a.member))
FROM pg_auth_members AS a WHERE greatest(a.roleid, a.member) >= 16384 OR 10 IN (a.roleid, a.member)
UNION ALL -- from 15
SELECT 'parameter privilege', count(DISTINCT (p.oid, a.grantee, a.is_grantable)) -- from 15
FROM pg_parameter_acl AS p, aclexplode(p.paracl) AS a WHERE a.grantee <> 10 -- from 15
UNION ALL
SELECT 'tablespace', count(*) FROM pg_tablespace AS t WHERE t.oid >= 16384
