-- PostgreSQL 13 to 18: where each sequence stands, one a line. A last value of null has never been used.
SELECT json_build_array(schemaname, sequencename, last_value)
FROM pg_sequences
ORDER BY schemaname, sequencename
