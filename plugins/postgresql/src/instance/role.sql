-- PostgreSQL 13 to 18
SELECT
    r.rolname AS name,
    r.rolsuper AS superuser,
    r.rolbypassrls AS bypasses_row_security,
    r.rolcreatedb AS creates_databases,
    pg_is_in_recovery() AS standby,
    current_database() AS database
FROM pg_roles AS r
WHERE r.rolname = current_user
