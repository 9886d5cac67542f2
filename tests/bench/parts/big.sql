-- One big table, with two indexes. psql variable "scale": 1 makes about 550 MB. Everything follows from the row's number.

CREATE SCHEMA big;

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
