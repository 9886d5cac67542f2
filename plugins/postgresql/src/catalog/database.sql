-- PostgreSQL 13 to 18
-- What there is of the database itself beyond its settings, its privileges and its owner.
SELECT
    d.datconnlimit AS connection_limit,
    d.datistemplate AS template,
    to_regnamespace('public') IS NULL AS without_public,
    shobj_description(d.oid, 'pg_database') AS comment
FROM pg_database AS d
WHERE d.datname = current_database()
