-- PostgreSQL 13 to 18
SELECT
    t.spcname AS name,
    format(
        'CREATE TABLESPACE %I OWNER %I LOCATION %L%s', t.spcname, pg_get_userbyid(t.spcowner), pg_tablespace_location(t.oid),
        ' WITH (' || array_to_string(t.spcoptions, ', ') || ')'
    ) AS statement
FROM pg_tablespace AS t
WHERE t.spcname !~ '^pg_'
ORDER BY t.spcname
