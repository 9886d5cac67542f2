-- PostgreSQL 13 to 18
-- Those of a range that belong to one role and on which the same is granted: mostly that is all of them.
SELECT
    m.oids,
    pg_get_userbyid(m.lomowner) AS owner,
    (
        SELECT json_agg(
            json_build_object(
                'granted', g.granted,
                'grantor', CASE WHEN g.grantor <> m.lomowner THEN pg_get_userbyid(g.grantor) END,
                'grantee', CASE WHEN g.grantee <> 0 THEN pg_get_userbyid(g.grantee) END,
                'grantable', g.is_grantable,
                'privilege', g.privilege_type
            )
            -- Whoever grants on must have been granted to before; else the order is that in which it was granted.
            ORDER BY g.granted, g.grantor <> m.lomowner, g.position
        )
        FROM (
            SELECT true AS granted, a.*
            FROM aclexplode(m.lomacl) WITH ORDINALITY AS a (grantor, grantee, privilege_type, is_grantable, position)
            WHERE (a.grantor, a.grantee, a.privilege_type, a.is_grantable)
                NOT IN (SELECT d.* FROM aclexplode(acldefault('L', m.lomowner)) AS d)
            UNION ALL
            SELECT false, d.*
            FROM aclexplode(acldefault('L', m.lomowner)) WITH ORDINALITY AS d (grantor, grantee, privilege_type, is_grantable, position)
            WHERE m.lomacl IS NOT NULL
              AND (d.grantor, d.grantee, d.privilege_type, d.is_grantable) NOT IN (SELECT a.* FROM aclexplode(m.lomacl) AS a)
        ) AS g
    ) AS privileges
FROM (
    SELECT
        o.lomowner,
        -- Lists of privileges can't be sorted, and so not grouped by where their oids are.
        o.lomacl::text::aclitem[] AS lomacl,
        json_agg(o.oid::int8 ORDER BY o.oid) AS oids,
        min(o.oid) AS first
    FROM pg_largeobject_metadata AS o
    WHERE o.oid BETWEEN $first AND $last
    GROUP BY o.lomowner, o.lomacl::text
) AS m
ORDER BY m.first
