-- PostgreSQL 13 to 18
SELECT d.objoid::int8 AS oid, d.description AS text
FROM pg_description AS d
WHERE d.classoid = 'pg_largeobject'::regclass AND d.objoid BETWEEN $first AND $last
ORDER BY d.objoid
