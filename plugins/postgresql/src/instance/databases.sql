-- PostgreSQL 13 to 18
SELECT
    d.datname AS name,
    CASE
        WHEN has_database_privilege(d.oid, 'CONNECT') OR pg_has_role('pg_read_all_stats', 'USAGE')
        THEN pg_database_size(d.oid)
    END AS bytes,
    pg_encoding_to_char(d.encoding) AS encoding,
    d.datcollate AS collate
FROM pg_database AS d
WHERE NOT d.datistemplate
ORDER BY d.datname
