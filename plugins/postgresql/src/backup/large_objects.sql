-- PostgreSQL 13 to 18
SELECT pg_table_size('pg_largeobject')::int8 AS bytes
WHERE EXISTS (SELECT FROM pg_largeobject_metadata)
