-- PostgreSQL 13 to 18: tables, their rows, valid indexes and primary keys. A tool that was fast because it left something
-- out is seen here.
CREATE FUNCTION pg_temp.rows(OUT total bigint) LANGUAGE plpgsql AS $$
DECLARE
    name regclass;
    rows bigint;
BEGIN
    total := 0;
    FOR name IN SELECT oid FROM pg_class WHERE relkind = 'r' AND relnamespace::regnamespace::text IN ('big', 'middling', 'tiny') LOOP
        EXECUTE 'SELECT count(*) FROM ' || name INTO rows;
        total := total + rows;
    END LOOP;
END
$$;
SELECT
    pg_temp.rows(),
    (SELECT count(*) FROM pg_class AS c WHERE c.relkind = 'r' AND c.relnamespace::regnamespace::text IN ('big', 'middling', 'tiny')),
    (SELECT count(*) FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indrelid
     WHERE i.indisvalid AND c.relnamespace::regnamespace::text IN ('big', 'middling', 'tiny')),
    (SELECT count(*) FROM pg_constraint WHERE contype = 'p' AND connamespace::regnamespace::text IN ('big', 'middling', 'tiny'));
