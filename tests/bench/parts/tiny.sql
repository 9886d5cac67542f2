-- Tiny tables of three rows, each with a primary key. psql variable "scale": 1 makes ten thousand of them.

CREATE SCHEMA tiny;

SELECT set_config('bench.tables', greatest(10000 * :scale, 100)::integer::text, false);

DO $do$
BEGIN
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
