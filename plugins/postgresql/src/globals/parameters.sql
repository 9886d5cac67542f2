-- PostgreSQL 13 to 18
-- Who may set what only a superuser may. Whoever made the server may anyway.
SELECT
    p.parname AS parameter,
    r.rolname AS role,
    format(
        'GRANT %s ON PARAMETER %I TO %s%s',
        string_agg(DISTINCT a.privilege_type, ', ' ORDER BY a.privilege_type),
        p.parname,
        coalesce(quote_ident(r.rolname), 'PUBLIC'),
        CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' END
    ) AS statement
FROM pg_parameter_acl AS p -- from 15
FROM (SELECT NULL::text AS parname, NULL::aclitem[] AS paracl) AS p -- until 14
CROSS JOIN LATERAL aclexplode(p.paracl) AS a
LEFT JOIN pg_roles AS r ON r.oid = a.grantee
WHERE a.grantee <> 10
GROUP BY p.parname, a.grantee, r.rolname, a.is_grantable
ORDER BY p.parname, r.rolname, a.is_grantable
