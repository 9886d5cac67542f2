-- PostgreSQL 13 to 18
SELECT c.oid::regclass::text AS name
FROM pg_class AS c
WHERE c.relkind IN ('r', 'p')
  AND row_security_active(c.oid)
ORDER BY 1
