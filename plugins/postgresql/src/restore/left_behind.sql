-- PostgreSQL 13 to 18
SELECT format('SUBSCRIPTION %I', s.subname)
FROM pg_catalog.pg_subscription AS s
JOIN pg_catalog.pg_database AS d ON d.oid = s.subdbid
WHERE d.datname = current_database()
UNION ALL
SELECT format('REPLICATION SLOT %I', r.slot_name)
FROM pg_catalog.pg_replication_slots AS r
WHERE r.database = current_database()
ORDER BY 1
