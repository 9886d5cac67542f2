-- A hundred middling tables, each with two indexes. psql variable "scale": 1 makes about 300 MB.

CREATE SCHEMA middling;

SELECT set_config('bench.rows', (15000 * :scale)::integer::text, false);

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
END
$do$;
