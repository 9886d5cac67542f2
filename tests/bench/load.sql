-- The benchmark's mix: one big table, a hundred middling ones, ten thousand tiny ones.
-- psql variable "scale": 1 makes about 1.5 GB; the number of tiny tables follows it too. Everything follows from the row's number.

CREATE SCHEMA big;
CREATE SCHEMA middling;
CREATE SCHEMA tiny;

CREATE TABLE big.events (
    id bigint PRIMARY KEY,
    happened timestamptz NOT NULL,
    actor uuid,
    amount numeric(12, 2),
    detail jsonb,
    words text
);
INSERT INTO big.events
SELECT
    i, timestamptz '2025-01-01Z' + i * interval '1 second', md5((i % 5000)::text)::uuid, i % 100000 / 100.0,
    jsonb_build_object('path', '/p/' || i % 1000, 'ref', md5(i::text)), repeat(md5((i % 100)::text) || ' ', (1 + i % 4)::integer)
FROM generate_series(1, (1500000 * :scale)::bigint) AS i;
CREATE INDEX ON big.events (happened);

SELECT
    set_config('bench.rows', (15000 * :scale)::integer::text, false),
    set_config('bench.tables', greatest(10000 * :scale, 100)::integer::text, false);

DO $do$
BEGIN
    FOR n IN 1..100 LOOP
        EXECUTE format($sql$
            CREATE TABLE middling.t%1$s (id integer PRIMARY KEY, ref integer, words text, amount numeric);
            INSERT INTO middling.t%1$s
            SELECT i, i * 7919 %% 1000, md5((i + %1$s)::text) || md5(i::text), i / 8.0
            FROM generate_series(1, current_setting('bench.rows')::integer) AS i;
            CREATE INDEX ON middling.t%1$s (ref);
        $sql$, n);
        COMMIT;
    END LOOP;
    FOR n IN 1..current_setting('bench.tables')::integer LOOP
        EXECUTE format($sql$
            CREATE TABLE tiny.t%1$s (id integer PRIMARY KEY, words text);
            INSERT INTO tiny.t%1$s VALUES (1, 'one'), (2, NULL), (3, '');
        $sql$, n);
        IF n % 500 = 0 THEN
            COMMIT;
        END IF;
    END LOOP;
END
$do$;
VACUUM ANALYZE;
