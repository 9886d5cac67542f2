-- PostgreSQL 13 to 18
BEGIN
    PERFORM pg_catalog.set_config(name, '0', false)
    FROM pg_catalog.pg_settings
    WHERE name IN ('idle_session_timeout', 'transaction_timeout');

    SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) INTO found
    FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname <> 'information_schema'
      AND n.nspname !~ '^pg_'
      AND NOT EXISTS (
          SELECT FROM pg_catalog.pg_depend AS d
          WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e'
      )
    LIMIT 1;
    IF found IS NOT NULL THEN
        RAISE EXCEPTION 'database % is not empty: it has %', pg_catalog.current_database(), found
            USING HINT = 'Load into a database that was made for it. Nothing was changed.';
    END IF;

    SELECT pg_catalog.string_agg(pg_catalog.format('CREATE ROLE %I;', wanted.name), ' ' ORDER BY wanted.name) INTO found
    FROM pg_catalog.unnest(wanted_roles) AS wanted (name)
    WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_roles AS r WHERE r.rolname = wanted.name);
    IF found IS NOT NULL THEN
        RAISE EXCEPTION 'roles are missing that own objects or have rights on them'
            USING HINT = 'Make them, and load again; nothing was changed: ' || found;
    END IF;

    SELECT pg_catalog.string_agg(wanted.name, ', ' ORDER BY wanted.name) INTO found
    FROM pg_catalog.unnest(wanted_extensions) AS wanted (name)
    WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_available_extensions AS a WHERE a.name = wanted.name);
    IF found IS NOT NULL THEN
        RAISE EXCEPTION 'extensions are missing: %', found
            USING HINT = 'Install their packages on the server, and load again; nothing was changed.';
    END IF;
END
