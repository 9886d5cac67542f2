-- PostgreSQL 13 to 18
-- From 16 a role may be granted by several others; the options of all of them hold together. What predefined roles are
-- members of among themselves is every server's own.
SELECT
    g.rolname AS role,
    m.rolname AS member,
    format(
        'GRANT %I TO %I%s', g.rolname, m.rolname,
        format(' WITH ADMIN %s, INHERIT %s, SET %s', upper(bool_or(a.admin_option)::text), upper(bool_or(a.inherit_option)::text), upper(bool_or(a.set_option)::text)) -- from 16
        CASE WHEN bool_or(a.admin_option) THEN ' WITH ADMIN OPTION' ELSE '' END -- until 15
    ) AS statement
FROM pg_auth_members AS a
JOIN pg_roles AS g ON g.oid = a.roleid
JOIN pg_roles AS m ON m.oid = a.member
WHERE m.rolname !~ '^pg_' OR g.rolname !~ '^pg_'
GROUP BY g.rolname, m.rolname
ORDER BY g.rolname, m.rolname
