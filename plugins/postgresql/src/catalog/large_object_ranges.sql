-- PostgreSQL 13 to 18
-- There may be millions of them, so they are told in ranges of at most 1,000, which hold about 64 MiB if they are of
-- about one size.
SELECT
    min(o.oid)::int8 AS first,
    max(o.oid)::int8 AS last,
    (s.bytes * count(*) / s.objects)::int8 AS bytes
FROM (
    SELECT
        count(*) AS objects,
        pg_relation_size('pg_largeobject') AS bytes,
        greatest(1, least(1000, 67108864 * count(*) / greatest(1, pg_relation_size('pg_largeobject')))) AS step
    FROM pg_largeobject_metadata
) AS s
CROSS JOIN (SELECT m.oid, row_number() OVER (ORDER BY m.oid) - 1 AS position FROM pg_largeobject_metadata AS m) AS o
GROUP BY o.position / s.step, s.bytes, s.objects
ORDER BY 1
