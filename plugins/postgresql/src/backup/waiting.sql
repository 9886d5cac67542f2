-- PostgreSQL 13 to 18
SELECT format('process %s of %s, waiting since %s', a.pid, coalesce(a.usename, 'the server'), a.query_start::timestamp(0))
FROM pg_stat_activity AS a
WHERE pg_backend_pid() = ANY (pg_blocking_pids(a.pid))
