-- PostgreSQL 13 to 18
SELECT statement
FROM (
    SELECT 1 AS step, format('DROP EVENT TRIGGER %I', evtname) AS statement FROM pg_event_trigger
    UNION ALL
    SELECT 2, format('DROP PUBLICATION %I', pubname) FROM pg_publication
    UNION ALL
    SELECT 3, format('DROP EXTENSION IF EXISTS %I CASCADE', extname) FROM pg_extension WHERE extname <> 'plpgsql'
    UNION ALL
    SELECT 4, format('DROP SCHEMA IF EXISTS %I CASCADE', nspname)
    FROM pg_namespace
    WHERE (oid >= 16384 OR nspname = 'public') AND nspname !~ '^pg_'
    UNION ALL
    SELECT 5, format('DROP FOREIGN DATA WRAPPER IF EXISTS %I CASCADE', fdwname) FROM pg_foreign_data_wrapper
    UNION ALL
    SELECT 6, format('DROP CAST IF EXISTS (%s AS %s)', castsource::regtype, casttarget::regtype)
    FROM pg_cast
    WHERE oid >= 16384
    UNION ALL
    SELECT 7, format('DROP LANGUAGE IF EXISTS %I CASCADE', lanname) FROM pg_language WHERE oid >= 16384 AND lanname <> 'plpgsql'
    UNION ALL
    SELECT 8, format('DROP ACCESS METHOD IF EXISTS %I CASCADE', amname) FROM pg_am WHERE oid >= 16384
    UNION ALL
    SELECT 9, format('SELECT lo_unlink(%s)', oid) FROM pg_largeobject_metadata
    UNION ALL
    SELECT 10, 'SELECT 1'
) AS statements
ORDER BY step
