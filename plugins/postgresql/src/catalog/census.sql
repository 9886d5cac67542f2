-- PostgreSQL 13 to 18
-- What users made has an oid from 16384 on (FirstNormalObjectId); the other queries go by names of schemas. Extensions
-- bring their members themselves.
WITH schema AS MATERIALIZED (
    SELECT n.oid FROM pg_namespace AS n
    WHERE (n.oid >= 16384 OR n.oid = 2200) AND n.nspname NOT LIKE 'pg\_%'
), open AS MATERIALIZED (
    -- Where privileges are a database's own: on what users made, and on the server's own objects.
    SELECT s.oid FROM schema AS s UNION ALL SELECT n.oid FROM pg_namespace AS n WHERE n.nspname = 'pg_catalog'
), member AS MATERIALIZED (
    SELECT d.classid, d.objid FROM pg_depend AS d WHERE d.deptype = 'e'
), relation AS MATERIALIZED (
    SELECT c.* FROM pg_class AS c
    WHERE c.relnamespace IN (SELECT s.oid FROM schema AS s)
      AND c.relpersistence <> 't'
      AND c.oid NOT IN (SELECT m.objid FROM member AS m WHERE m.classid = 'pg_class'::regclass)
), detaching AS MATERIALIZED (
    SELECT h.inhrelid AS oid FROM pg_inherits AS h
    WHERE h.inhdetachpending -- from 14
    WHERE false -- until 13
), type AS MATERIALIZED (
    SELECT t.oid FROM pg_type AS t
    WHERE t.typnamespace IN (SELECT s.oid FROM schema AS s)
      AND t.typtype <> 'm'
      AND t.oid NOT IN (SELECT a.typarray FROM pg_type AS a)
      AND t.oid NOT IN (SELECT c.reltype FROM pg_class AS c WHERE c.relkind <> 'c')
      AND t.oid NOT IN (SELECT m.objid FROM member AS m WHERE m.classid = 'pg_type'::regclass)
), configured AS MATERIALIZED (
    SELECT c.oid, c.relkind FROM pg_extension AS x CROSS JOIN unnest(x.extconfig) AS t (oid) JOIN pg_class AS c ON c.oid = t.oid
), proc AS MATERIALIZED (
    SELECT p.oid, p.prokind FROM pg_proc AS p
    WHERE p.pronamespace IN (SELECT s.oid FROM schema AS s)
      AND NOT EXISTS (
          SELECT FROM pg_depend AS d
          WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype IN ('e', 'i')
      )
), acl AS (
    SELECT c.tableoid AS class, c.oid, 0 AS part, c.relowner AS owner, c.relacl AS acl,
        acldefault(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", c.relowner) AS standard
    FROM pg_class AS c WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S') AND c.relpersistence <> 't' AND c.relnamespace IN (SELECT s.oid FROM open AS s)
    UNION ALL
    SELECT c.tableoid, c.oid, a.attnum, c.relowner, a.attacl, acldefault('c', c.relowner)
    FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
    WHERE NOT a.attisdropped AND c.relnamespace IN (SELECT s.oid FROM open AS s)
      AND (a.attacl IS NOT NULL OR (c.tableoid, c.oid, a.attnum) IN (SELECT i.classoid, i.objoid, i.objsubid FROM pg_init_privs AS i))
    UNION ALL
    SELECT p.tableoid, p.oid, 0, p.proowner, p.proacl, acldefault('f', p.proowner)
    FROM pg_proc AS p WHERE p.pronamespace IN (SELECT s.oid FROM schema AS s)
       OR p.proacl IS NOT NULL AND p.pronamespace IN (SELECT s.oid FROM open AS s)
    UNION ALL
    SELECT n.tableoid, n.oid, 0, n.nspowner, n.nspacl, acldefault('n', n.nspowner)
    FROM pg_namespace AS n WHERE n.oid IN (SELECT s.oid FROM open AS s)
    UNION ALL
    SELECT t.tableoid, t.oid, 0, t.typowner, t.typacl, acldefault('T', t.typowner)
    FROM pg_type AS t WHERE t.typacl IS NOT NULL AND t.typnamespace IN (SELECT s.oid FROM open AS s)
    UNION ALL
    SELECT l.tableoid, l.oid, 0, l.lanowner, l.lanacl, acldefault('l', l.lanowner) FROM pg_language AS l WHERE l.lanispl
    UNION ALL
    SELECT w.tableoid, w.oid, 0, w.fdwowner, w.fdwacl, acldefault('F', w.fdwowner) FROM pg_foreign_data_wrapper AS w
    UNION ALL
    SELECT f.tableoid, f.oid, 0, f.srvowner, f.srvacl, acldefault('S', f.srvowner) FROM pg_foreign_server AS f
    UNION ALL
    SELECT 'pg_largeobject'::regclass, b.oid, 0, b.lomowner, b.lomacl, acldefault('L', b.lomowner) FROM pg_largeobject_metadata AS b
    UNION ALL
    SELECT d.tableoid, d.oid, 0, d.datdba, d.datacl, acldefault('d', d.datdba)
    FROM pg_database AS d WHERE d.datname = current_database()
), granted AS (
    SELECT
        (SELECT string_agg(g::text, ' ' ORDER BY g::text) FROM aclexplode(coalesce(a.acl, a.standard)) AS g) AS now,
        (
            SELECT string_agg(g::text, ' ' ORDER BY g::text)
            FROM aclexplode(
                CASE
                    -- The schema "public" of a new database belongs to nobody in particular, and everybody may use it.
                    WHEN a.class = 'pg_namespace'::regclass AND a.oid = to_regnamespace('public')
                    THEN a.standard
                        || makeaclitem(0, a.owner, 'CREATE', false) -- until 14
                        || makeaclitem(0, a.owner, 'USAGE', false)
                    ELSE coalesce(i.initprivs, a.standard)
                END
            ) AS g
        ) AS before
    FROM acl AS a
    LEFT JOIN pg_init_privs AS i ON i.classoid = a.class AND i.objoid = a.oid AND i.objsubid = a.part
    -- Most objects have what is standard, and nothing has to be looked at.
    WHERE a.acl IS NOT NULL OR i.initprivs IS NOT NULL OR a.class = 'pg_namespace'::regclass
)
SELECT 'schema' AS kind, count(*) AS counted FROM schema AS s WHERE s.oid NOT IN (SELECT m.objid FROM member AS m WHERE m.classid = 'pg_namespace'::regclass)
UNION ALL SELECT 'extension', count(*) FROM pg_extension AS x WHERE x.extname <> 'plpgsql'
UNION ALL SELECT 'type', count(*) FROM type
UNION ALL SELECT 'function', count(*) FROM proc WHERE prokind <> 'a'
UNION ALL SELECT 'aggregate', count(*) FROM proc WHERE prokind = 'a'
UNION ALL SELECT 'table', count(*) FROM relation WHERE relkind IN ('r', 'p', 'f')
UNION ALL SELECT 'view', count(*) FROM relation WHERE relkind = 'v'
UNION ALL SELECT 'materialized view', count(*) FROM relation WHERE relkind = 'm'
UNION ALL
SELECT CASE i.identity WHEN true THEN 'identity' ELSE 'sequence' END, count(r.oid)
FROM (VALUES (true), (false)) AS i (identity)
LEFT JOIN relation AS r ON r.relkind = 'S' AND i.identity = EXISTS (
    SELECT FROM pg_depend AS d
    WHERE d.classid = 'pg_class'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass AND d.deptype = 'i'
) AND NOT EXISTS (
    SELECT FROM pg_depend AS d
    WHERE d.classid = 'pg_class'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass AND d.deptype = 'i'
      AND d.refobjid NOT IN (SELECT t.oid FROM relation AS t)
)
GROUP BY i.identity
UNION ALL
SELECT 'sequence owner', count(*) FROM pg_depend AS d
WHERE d.classid = 'pg_class'::regclass AND d.objid IN (SELECT r.oid FROM relation AS r WHERE r.relkind = 'S')
  AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0 AND d.deptype = 'a'
UNION ALL
SELECT 'sequence value', count(*) FROM (
    SELECT oid FROM relation WHERE relkind = 'S' UNION ALL SELECT oid FROM configured WHERE relkind = 'S'
) AS s
UNION ALL
SELECT 'rows', count(*) FROM (
    SELECT oid FROM relation WHERE relkind = 'r' UNION ALL SELECT oid FROM configured WHERE relkind = 'r'
) AS t
UNION ALL SELECT 'partition', count(*) FROM relation WHERE relkind IN ('r', 'p', 'f') AND relispartition AND oid NOT IN (SELECT d.oid FROM detaching AS d)
UNION ALL
SELECT 'inheritance', count(*) FROM pg_inherits AS h
JOIN relation AS r ON r.oid = h.inhrelid AND r.relkind IN ('r', 'f') AND NOT r.relispartition
UNION ALL
SELECT 'column', count(*) FROM pg_attribute AS a
JOIN relation AS r ON r.oid = a.attrelid AND r.relkind IN ('r', 'p', 'f')
WHERE a.attnum > 0 AND NOT a.attisdropped
UNION ALL
SELECT 'default', count(*) FROM pg_attrdef AS d
JOIN relation AS r ON r.oid = d.adrelid
JOIN pg_attribute AS a ON a.attrelid = d.adrelid AND a.attnum = d.adnum AND a.attgenerated = ''
UNION ALL
SELECT 'check', count(*) FROM pg_constraint AS k
LEFT JOIN relation AS r ON r.oid = k.conrelid
LEFT JOIN detaching AS d ON d.oid = k.conrelid
WHERE k.contype = 'c'
  AND (
      k.contypid IN (SELECT t.oid FROM type AS t)
      -- What a table has only from a parent comes with the parent's; a partition is made whole and attached.
      OR r.oid IS NOT NULL AND (k.conislocal OR r.relispartition AND k.convalidated OR d.oid IS NOT NULL)
  )
UNION ALL
SELECT 'constraint', count(*) FROM pg_constraint AS k JOIN relation AS r ON r.oid = k.conrelid WHERE k.contype IN ('p', 'u', 'x')
UNION ALL
SELECT 'foreign key', count(*) FROM pg_constraint AS k JOIN relation AS r ON r.oid = k.conrelid
WHERE k.contype = 'f' AND k.conparentid = 0
UNION ALL
SELECT 'index', count(*) FROM pg_index AS i JOIN relation AS r ON r.oid = i.indrelid
WHERE i.indexrelid NOT IN (SELECT k.conindid FROM pg_constraint AS k WHERE k.contype IN ('p', 'u', 'x'))
UNION ALL
SELECT 'trigger', count(*) FROM pg_trigger AS t JOIN relation AS r ON r.oid = t.tgrelid
WHERE NOT t.tgisinternal AND t.tgparentid = 0
UNION ALL
SELECT 'rule', count(*) FROM pg_rewrite AS w JOIN relation AS r ON r.oid = w.ev_class WHERE w.rulename <> '_RETURN'
UNION ALL
SELECT 'policy', count(*) FROM pg_policy AS p JOIN pg_class AS c ON c.oid = p.polrelid
WHERE c.relnamespace IN (SELECT s.oid FROM schema AS s)
UNION ALL
SELECT 'row security', count(*) FROM pg_class AS c
WHERE (c.relrowsecurity OR c.relforcerowsecurity) AND c.relnamespace IN (SELECT s.oid FROM schema AS s)
UNION ALL
SELECT 'statistics', count(*) FROM pg_statistic_ext AS x
WHERE x.stxnamespace IN (SELECT s.oid FROM schema AS s) AND (x.tableoid, x.oid) NOT IN (SELECT m.* FROM member AS m)
UNION ALL
SELECT 'operator', count(*) FROM pg_operator AS o
WHERE o.oprcode <> 0 AND o.oprnamespace IN (SELECT s.oid FROM schema AS s) AND (o.tableoid, o.oid) NOT IN (SELECT m.* FROM member AS m)
UNION ALL
SELECT 'operator family', count(*) FROM pg_opfamily AS o
WHERE o.opfnamespace IN (SELECT s.oid FROM schema AS s) AND (o.tableoid, o.oid) NOT IN (SELECT m.* FROM member AS m)
UNION ALL
SELECT 'operator class', count(*) FROM pg_opclass AS o
WHERE o.opcnamespace IN (SELECT s.oid FROM schema AS s) AND (o.tableoid, o.oid) NOT IN (SELECT m.* FROM member AS m)
UNION ALL
SELECT 'collation', count(*) FROM pg_collation AS c
WHERE c.collnamespace IN (SELECT s.oid FROM schema AS s) AND (c.tableoid, c.oid) NOT IN (SELECT m.* FROM member AS m)
UNION ALL
SELECT 'conversion', count(*) FROM pg_conversion AS c
WHERE c.connamespace IN (SELECT s.oid FROM schema AS s) AND (c.tableoid, c.oid) NOT IN (SELECT m.* FROM member AS m)
UNION ALL
SELECT 'text search parser', count(*) FROM pg_ts_parser AS p
WHERE p.prsnamespace IN (SELECT s.oid FROM schema AS s) AND (p.tableoid, p.oid) NOT IN (SELECT m.* FROM member AS m)
UNION ALL
SELECT 'text search template', count(*) FROM pg_ts_template AS t
WHERE t.tmplnamespace IN (SELECT s.oid FROM schema AS s) AND (t.tableoid, t.oid) NOT IN (SELECT m.* FROM member AS m)
UNION ALL
SELECT 'text search dictionary', count(*) FROM pg_ts_dict AS d
WHERE d.dictnamespace IN (SELECT s.oid FROM schema AS s) AND (d.tableoid, d.oid) NOT IN (SELECT m.* FROM member AS m)
UNION ALL
SELECT 'text search configuration', count(*) FROM pg_ts_config AS c
WHERE c.cfgnamespace IN (SELECT s.oid FROM schema AS s) AND (c.tableoid, c.oid) NOT IN (SELECT m.* FROM member AS m)
UNION ALL
SELECT 'cast', count(*) FROM pg_cast AS c
WHERE c.oid >= 16384 AND NOT EXISTS (
    SELECT FROM pg_depend AS d WHERE d.classid = c.tableoid AND d.objid = c.oid AND d.deptype IN ('e', 'i')
)
UNION ALL
SELECT 'transform', count(*) FROM pg_transform AS t WHERE (t.tableoid, t.oid) NOT IN (SELECT m.* FROM member AS m)
UNION ALL
SELECT 'language', count(*) FROM pg_language AS l WHERE l.lanispl AND (l.tableoid, l.oid) NOT IN (SELECT m.* FROM member AS m)
UNION ALL
SELECT 'access method', count(*) FROM pg_am AS a WHERE a.oid >= 16384 AND (a.tableoid, a.oid) NOT IN (SELECT m.* FROM member AS m)
UNION ALL
SELECT 'foreign data wrapper', count(*) FROM pg_foreign_data_wrapper AS w WHERE (w.tableoid, w.oid) NOT IN (SELECT m.* FROM member AS m)
UNION ALL
SELECT 'server', count(*) FROM pg_foreign_server AS f WHERE (f.tableoid, f.oid) NOT IN (SELECT m.* FROM member AS m)
UNION ALL
SELECT 'user mapping', count(*) FROM pg_user_mappings AS u
WHERE u.srvid NOT IN (SELECT m.objid FROM member AS m WHERE m.classid = 'pg_foreign_server'::regclass)
UNION ALL
SELECT 'event trigger', count(*) FROM pg_event_trigger AS t WHERE (t.tableoid, t.oid) NOT IN (SELECT m.* FROM member AS m)
UNION ALL
SELECT 'publication', count(*) FROM pg_publication AS p WHERE (p.tableoid, p.oid) NOT IN (SELECT m.* FROM member AS m)
UNION ALL
SELECT 'subscription', count(*) FROM pg_subscription AS s JOIN pg_database AS d ON d.oid = s.subdbid WHERE d.datname = current_database()
UNION ALL SELECT 'large object', count(*) FROM pg_largeobject_metadata
UNION ALL
SELECT 'comment', count(*) FROM (
    SELECT d.classoid, d.objoid, d.description FROM pg_description AS d
    UNION ALL
    -- That there is none is something to say of a schema that has one in every new database.
    SELECT n.tableoid, 2200, '' FROM pg_namespace AS n
    WHERE n.nspname = 'public' AND NOT EXISTS (
        SELECT FROM pg_description AS d WHERE d.classoid = n.tableoid AND d.objoid = n.oid
    )
) AS d
WHERE (
      d.objoid >= 16384
      OR d.classoid = 'pg_namespace'::regclass AND d.objoid = 2200
      -- Whoever makes a large object may choose its oid.
      OR d.classoid = 'pg_largeobject'::regclass
  )
  -- An extension comes with the comment in its control file.
  AND (
      d.classoid <> 'pg_extension'::regclass
      OR d.description NOT IN (
          SELECT a.comment FROM pg_available_extensions AS a JOIN pg_extension AS x ON x.extname = a.name
          WHERE x.oid = d.objoid AND a.comment IS NOT NULL
      )
  )
  AND (d.classoid <> 'pg_namespace'::regclass OR d.description <> 'standard public schema')
  AND (d.classoid, d.objoid) NOT IN (SELECT m.* FROM member AS m)
UNION ALL SELECT 'security label', count(*) FROM pg_seclabel
UNION ALL SELECT 'privileges', count(*) FROM granted WHERE now IS DISTINCT FROM before
UNION ALL SELECT 'default privileges', count(*) FROM pg_default_acl
UNION ALL
SELECT 'extension dependency', count(*) FROM pg_depend AS d
WHERE d.deptype = 'x' AND d.refclassid = 'pg_extension'::regclass AND (d.classid, d.objid) NOT IN (SELECT m.* FROM member AS m)
UNION ALL
SELECT 'setting', count(*) FROM pg_db_role_setting AS s CROSS JOIN unnest(s.setconfig)
JOIN pg_database AS d ON d.oid = s.setdatabase
WHERE d.datname = current_database()
