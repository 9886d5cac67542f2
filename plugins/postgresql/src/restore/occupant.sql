-- PostgreSQL 13 to 18
-- Whatever a cleanup would take away with what the restore has made, or the restore would mix with it.
SELECT what
FROM (
    SELECT 'relation ' || c.oid::regclass::text AS what
    FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname <> 'information_schema' AND n.nspname !~ '^pg_' AND c.oid >= 16384
    UNION ALL
    SELECT 'function ' || p.oid::regprocedure::text
    FROM pg_proc AS p
    JOIN pg_namespace AS n ON n.oid = p.pronamespace
    WHERE n.nspname <> 'information_schema' AND n.nspname !~ '^pg_' AND p.oid >= 16384
    UNION ALL
    SELECT 'type ' || t.oid::regtype::text
    FROM pg_type AS t
    JOIN pg_namespace AS n ON n.oid = t.typnamespace
    WHERE n.nspname <> 'information_schema' AND n.nspname !~ '^pg_' AND t.oid >= 16384
    UNION ALL
    SELECT 'schema ' || n.nspname
    FROM pg_namespace AS n
    WHERE n.oid >= 16384 AND n.nspname !~ '^pg_'
    UNION ALL
    SELECT 'extension ' || e.extname
    FROM pg_extension AS e
    WHERE e.extname <> 'plpgsql'
    UNION ALL
    SELECT 'large object ' || m.oid
    FROM pg_largeobject_metadata AS m
    UNION ALL
    SELECT format('%s %I.%s', o.kind, n.nspname, o.name)
    FROM (
        SELECT 'collation' AS kind, oid, collnamespace AS schema, collname AS name FROM pg_collation
        UNION ALL
        SELECT 'conversion', oid, connamespace, conname FROM pg_conversion
        UNION ALL
        SELECT 'operator', oid, oprnamespace, oprname FROM pg_operator
        UNION ALL
        SELECT 'operator family', oid, opfnamespace, opfname FROM pg_opfamily
        UNION ALL
        SELECT 'operator class', oid, opcnamespace, opcname FROM pg_opclass
        UNION ALL
        SELECT 'text search configuration', oid, cfgnamespace, cfgname FROM pg_ts_config
        UNION ALL
        SELECT 'text search dictionary', oid, dictnamespace, dictname FROM pg_ts_dict
        UNION ALL
        SELECT 'text search parser', oid, prsnamespace, prsname FROM pg_ts_parser
        UNION ALL
        SELECT 'text search template', oid, tmplnamespace, tmplname FROM pg_ts_template
    ) AS o
    JOIN pg_namespace AS n ON n.oid = o.schema
    WHERE n.nspname <> 'information_schema' AND n.nspname !~ '^pg_' AND o.oid >= 16384
    UNION ALL
    SELECT format('cast (%s AS %s)', format_type(c.castsource, NULL), format_type(c.casttarget, NULL))
    FROM pg_cast AS c
    WHERE c.oid >= 16384
    UNION ALL
    SELECT format('transform for %s language %I', format_type(t.trftype, NULL), l.lanname)
    FROM pg_transform AS t
    JOIN pg_language AS l ON l.oid = t.trflang
    UNION ALL
    SELECT 'language ' || l.lanname
    FROM pg_language AS l
    WHERE l.oid >= 16384 AND l.lanname <> 'plpgsql'
    UNION ALL
    SELECT 'access method ' || a.amname
    FROM pg_am AS a
    WHERE a.oid >= 16384
    UNION ALL
    SELECT 'foreign-data wrapper ' || w.fdwname
    FROM pg_foreign_data_wrapper AS w
    UNION ALL
    SELECT 'event trigger ' || t.evtname
    FROM pg_event_trigger AS t
    UNION ALL
    SELECT 'publication ' || p.pubname
    FROM pg_publication AS p
    UNION ALL
    SELECT 'subscription ' || s.subname
    FROM pg_subscription AS s
    JOIN pg_database AS d ON d.oid = s.subdbid
    WHERE d.datname = current_database()
    UNION ALL
    SELECT 'default privileges for role ' || pg_get_userbyid(a.defaclrole)
    FROM pg_default_acl AS a
    UNION ALL
    SELECT 'settings of its own: ' || array_to_string(s.setconfig, ', ')
    FROM pg_db_role_setting AS s
    JOIN pg_database AS d ON d.oid = s.setdatabase
    WHERE d.datname = current_database()
    UNION ALL
    SELECT 'a comment: ' || shobj_description(d.oid, 'pg_database')
    FROM pg_database AS d
    WHERE d.datname = current_database() AND shobj_description(d.oid, 'pg_database') IS NOT NULL
) AS objects
LIMIT 1
