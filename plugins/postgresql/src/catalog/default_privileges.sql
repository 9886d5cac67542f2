-- PostgreSQL 13 to 18
WITH defaults AS (
    SELECT
        d.oid,
        d.defaclrole AS role,
        n.nspname AS schema,
        CASE d.defaclobjtype
            WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'FUNCTIONS' WHEN 'T' THEN 'TYPES'
            WHEN 'n' THEN 'SCHEMAS' WHEN 'L' THEN 'LARGE OBJECTS'
        END AS kind,
        d.defaclacl AS now,
        -- Defaults of a schema add to those of the role; only the role's replace what is built in.
        CASE
            WHEN d.defaclnamespace = 0
            THEN acldefault(CASE d.defaclobjtype WHEN 'S' THEN 's' ELSE d.defaclobjtype END, d.defaclrole)
        END AS before
    FROM pg_default_acl AS d
    LEFT JOIN pg_namespace AS n ON n.oid = d.defaclnamespace
), changes AS (
    SELECT d.oid, d.role, d.schema, d.kind, 'REVOKE' AS action, g.grantee, g.privilege_type, g.is_grantable
    FROM defaults AS d
    CROSS JOIN LATERAL (SELECT * FROM aclexplode(d.before) EXCEPT SELECT * FROM aclexplode(d.now)) AS g
    UNION ALL
    SELECT d.oid, d.role, d.schema, d.kind, 'GRANT', g.grantee, g.privilege_type, g.is_grantable
    FROM defaults AS d
    CROSS JOIN LATERAL (SELECT * FROM aclexplode(d.now) EXCEPT SELECT * FROM aclexplode(d.before)) AS g
)
SELECT
    c.oid::int8 AS oid,
    c.action = 'GRANT' AS granted,
    pg_get_userbyid(c.role) AS role,
    c.schema,
    c.kind,
    CASE WHEN c.grantee <> 0 THEN pg_get_userbyid(c.grantee) END AS grantee,
    c.is_grantable AS grantable,
    json_agg(c.privilege_type ORDER BY c.privilege_type) AS privileges
FROM changes AS c
GROUP BY c.oid, c.action, c.role, c.schema, c.kind, c.grantee, c.is_grantable
ORDER BY c.oid, c.action DESC, c.grantee
