-- PostgreSQL 13 to 18: what a newcomer wants to know of the demo's database.
WITH mine AS (
    SELECT c.oid, c.relkind, c.relispartition
    FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
)
SELECT format(
    '%s, %s on disk: %s tables in %s schemas, %s of them partitions; %s indexes, %s foreign keys, %s views, %s functions, %s triggers',
    current_database(),
    pg_size_pretty(pg_database_size(current_database())),
    (SELECT count(*) FROM mine WHERE relkind IN ('r', 'p')),
    (SELECT count(*) FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'),
    (SELECT count(*) FROM mine WHERE relkind IN ('r', 'p') AND relispartition),
    (SELECT count(*) FROM mine WHERE relkind IN ('i', 'I')),
    (SELECT count(*) FROM pg_constraint WHERE contype = 'f'),
    (SELECT count(*) FROM mine WHERE relkind IN ('v', 'm')),
    (SELECT count(*) FROM pg_proc AS p WHERE p.pronamespace::regnamespace::text !~ '^(pg_|information_schema)'),
    (SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal)
);
