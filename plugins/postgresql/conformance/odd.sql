-- The unusual: names that need quoting, nothing where something is expected, values that look like something else.
CREATE SCHEMA " spaced ";
CREATE TABLE " spaced "."quoted "" 'name' \ 📚" ("a,b" text, "SELECT" integer DEFAULT 1);
INSERT INTO " spaced "."quoted "" 'name' \ 📚" VALUES ('\N', NULL), (NULL, 0), ('', -1), (E'\t\n\\.\r', 2), ('\.', 3);
CREATE TABLE empty (id integer PRIMARY KEY);
CREATE TABLE no_columns ();
INSERT INTO no_columns DEFAULT VALUES;
INSERT INTO no_columns DEFAULT VALUES;
CREATE TABLE twice (same text);
INSERT INTO twice VALUES ('same'), ('same'), (NULL), (NULL);
CREATE TABLE extreme (number double precision, at timestamptz, bytes bytea, list text[], document jsonb);
INSERT INTO extreme VALUES ('NaN', 'infinity', '\x00ff5c', '{NULL,"NULL","{}"}', '{"a": null}'),
    ('-Infinity', '4713-01-01 00:00:00 BC', '', '{}', 'null'), ('-0', '294276-12-31 23:59:59.999999', NULL, NULL, NULL);
CREATE TABLE wide (id integer, long text);
INSERT INTO wide VALUES (1, repeat('x', 3000000)), (2, repeat('y', 300000));
CREATE TABLE made (a integer, b integer GENERATED ALWAYS AS (a * 2) STORED, c integer GENERATED ALWAYS AS IDENTITY);
INSERT INTO made (a) VALUES (1), (NULL);
CREATE TABLE parted (k integer, v text) PARTITION BY LIST (k);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES IN (1);
CREATE TABLE parted_rest PARTITION OF parted DEFAULT;
INSERT INTO parted VALUES (1, 'one'), (2, 'two'), (NULL, 'none');
COMMENT ON TABLE empty IS 'it''s; -- empty';
