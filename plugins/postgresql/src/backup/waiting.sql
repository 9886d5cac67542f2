-- PostgreSQL 13 to 18
SELECT
    a.pid AS process,
    a.usename AS role,
    (
        SELECT min(l.relation::regclass::text)
        FROM pg_locks AS l
        WHERE l.pid = a.pid AND NOT l.granted
    ) AS object
FROM pg_stat_activity AS a
WHERE $leader = ANY (pg_blocking_pids(a.pid))
ORDER BY a.pid
