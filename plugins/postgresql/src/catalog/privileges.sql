-- PostgreSQL 13 to 18
-- What is granted against what is granted by default; the default of an extension's and of initdb's objects is what
-- they came with. The server's own objects are in it too: what is granted on them belongs to the database.
WITH schemas AS (
    SELECT n.*, n.nspname = 'pg_catalog' AS system
    FROM pg_namespace AS n
    -- What is granted in "information_schema" is nowhere noted as the server's own, and can't be told from it.
    WHERE n.nspname <> 'information_schema' AND (n.nspname = 'pg_catalog' OR n.nspname !~ '^pg_')
), objects AS (
    SELECT
        'pg_class'::regclass AS class, c.oid AS oid, 0 AS column_number,
        CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS kind,
        format('%I.%I', n.nspname, c.relname) AS target,
        c.relowner AS owner,
        c.relacl AS acl,
        CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char" AS default_kind,
        n.system
    FROM pg_class AS c
    JOIN schemas AS n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S') AND c.relpersistence <> 't'
    UNION ALL
    SELECT
        'pg_class'::regclass, c.oid, a.attnum, 'COLUMN ' || quote_ident(a.attname), format('%I.%I', n.nspname, c.relname),
        c.relowner, a.attacl, 'c', n.system
    FROM pg_attribute AS a
    JOIN pg_class AS c ON c.oid = a.attrelid
    JOIN schemas AS n ON n.oid = c.relnamespace
    WHERE NOT a.attisdropped
      AND (
          a.attacl IS NOT NULL
          -- Once nobody is granted anything on a column, it has no list at all.
          OR EXISTS (
              SELECT FROM pg_init_privs AS i
              WHERE i.classoid = 'pg_class'::regclass AND i.objoid = c.oid AND i.objsubid = a.attnum
          )
      )
    UNION ALL
    SELECT
        'pg_proc'::regclass, p.oid, 0,
        CASE p.prokind WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END,
        format(
            '%I.%I(%s)',
            n.nspname,
            p.proname,
            CASE
                -- An aggregate's arguments may have an ORDER BY among them, which GRANT doesn't know.
                WHEN p.prokind = 'a'
                THEN (SELECT coalesce(string_agg(format_type(a.type, NULL), ', ' ORDER BY a.position), '') FROM unnest(p.proargtypes) WITH ORDINALITY AS a (type, position))
                ELSE pg_get_function_identity_arguments(p.oid)
            END
        ),
        p.proowner, p.proacl, 'f', n.system
    FROM pg_proc AS p
    JOIN schemas AS n ON n.oid = p.pronamespace
    WHERE p.proacl IS NOT NULL OR NOT n.system
    UNION ALL
    SELECT 'pg_namespace'::regclass, n.oid, 0, 'SCHEMA', format('%I', n.nspname), n.nspowner, n.nspacl, 'n', n.system
    FROM schemas AS n
    UNION ALL
    SELECT
        'pg_type'::regclass, t.oid, 0,
        CASE t.typtype WHEN 'd' THEN 'DOMAIN' ELSE 'TYPE' END,
        format('%I.%I', n.nspname, t.typname), t.typowner, t.typacl, 'T', n.system
    FROM pg_type AS t
    JOIN schemas AS n ON n.oid = t.typnamespace
    WHERE t.typacl IS NOT NULL
    UNION ALL
    SELECT 'pg_language'::regclass, l.oid, 0, 'LANGUAGE', format('%I', l.lanname), l.lanowner, l.lanacl, 'l', false
    FROM pg_language AS l
    WHERE l.lanispl
    UNION ALL
    SELECT
        'pg_foreign_data_wrapper'::regclass, w.oid, 0, 'FOREIGN DATA WRAPPER', format('%I', w.fdwname),
        w.fdwowner, w.fdwacl, 'F', false
    FROM pg_foreign_data_wrapper AS w
    UNION ALL
    SELECT 'pg_foreign_server'::regclass, s.oid, 0, 'FOREIGN SERVER', format('%I', s.srvname), s.srvowner, s.srvacl, 'S', false
    FROM pg_foreign_server AS s
    UNION ALL
    -- Restored, it may have another name.
    SELECT 'pg_database'::regclass, d.oid, 0, 'DATABASE', '', d.datdba, d.datacl, 'd', false
    FROM pg_database AS d
    WHERE d.datacl IS NOT NULL AND d.datname = current_database()
), compared AS (
    SELECT
        o.*,
        coalesce(o.acl, acldefault(o.default_kind, o.owner)) AS now,
        CASE
            -- Every new database has it, and its privileges follow it to the owner that it is given.
            WHEN o.kind = 'SCHEMA' AND o.oid = to_regnamespace('public')
            THEN acldefault('n', o.owner)
                || makeaclitem(0, o.owner, 'CREATE', false) -- until 14
                || makeaclitem(0, o.owner, 'USAGE', false)
            ELSE coalesce(i.initprivs, acldefault(o.default_kind, o.owner))
        END AS before
    FROM objects AS o
    LEFT JOIN pg_init_privs AS i ON i.classoid = o.class AND i.objoid = o.oid AND i.objsubid = o.column_number
    WHERE o.acl IS DISTINCT FROM i.initprivs OR (o.kind = 'SCHEMA' AND o.oid = to_regnamespace('public'))
), changes AS (
    SELECT c.class, c.oid, c.column_number, c.kind, c.target, c.owner, c.system, 'REVOKE' AS action, g.*
    FROM compared AS c
    CROSS JOIN LATERAL aclexplode(c.before) WITH ORDINALITY AS g (grantor, grantee, privilege, grantable, position)
    WHERE (g.grantor, g.grantee, g.privilege, g.grantable) NOT IN (SELECT k.* FROM aclexplode(c.now) AS k)
    UNION ALL
    SELECT c.class, c.oid, c.column_number, c.kind, c.target, c.owner, c.system, 'GRANT', g.*
    FROM compared AS c
    CROSS JOIN LATERAL aclexplode(c.now) WITH ORDINALITY AS g (grantor, grantee, privilege, grantable, position)
    WHERE (g.grantor, g.grantee, g.privilege, g.grantable) NOT IN (SELECT k.* FROM aclexplode(c.before) AS k)
)
SELECT
    c.class::oid::int8 AS class,
    c.oid::int8 AS oid,
    c.action = 'GRANT' AS granted,
    c.kind,
    c.target,
    CASE WHEN c.grantor <> c.owner THEN pg_get_userbyid(c.grantor) END AS grantor,
    CASE WHEN c.grantee <> 0 THEN pg_get_userbyid(c.grantee) END AS grantee,
    c.grantable,
    c.system,
    -- Whether a server has this object of its own: another major may not.
    CASE
        WHEN NOT c.system THEN NULL
        WHEN c.kind = 'SCHEMA' THEN 'true'
        WHEN c.class = 'pg_proc'::regclass THEN format('pg_catalog.to_regprocedure(%L) IS NOT NULL', c.oid::regprocedure)
        WHEN c.class = 'pg_type'::regclass THEN format('pg_catalog.to_regtype(%L) IS NOT NULL', c.oid::regtype)
        WHEN c.kind LIKE 'COLUMN %'
        THEN format(
            'EXISTS (SELECT FROM pg_catalog.pg_attribute WHERE attrelid = pg_catalog.to_regclass(%L) AND attname = %L AND NOT attisdropped)',
            c.target,
            (SELECT a.attname FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attnum = c.column_number)
        )
        ELSE format('pg_catalog.to_regclass(%L) IS NOT NULL', c.target)
    END AS there,
    json_agg(c.privilege ORDER BY c.position) AS privileges
FROM changes AS c
GROUP BY c.class, c.oid, c.column_number, c.system, c.action, c.kind, c.target, c.owner, c.grantor, c.grantee, c.grantable
-- In the order in which it was granted, as whoever grants on must have been granted to before; and schemas first, as whoever
-- grants on must be able to look into them. Columns come after their table, as what is taken from a role there is taken from
-- it on all columns too.
ORDER BY c.kind <> 'SCHEMA', c.target, c.column_number <> 0, c.kind, c.action DESC, min(c.position)
