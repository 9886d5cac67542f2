-- PostgreSQL 13 to 18
-- Objects that the server's shared lock table is made for (PostgreSQL documentation 19.12), and how many of them are taken.
SELECT
    current_setting('max_locks_per_transaction')::int8 AS per_transaction,
    current_setting('max_connections')::int8
        + current_setting('max_prepared_transactions')::int8
        + current_setting('autovacuum_max_workers')::int8
        + current_setting('max_worker_processes')::int8
        + current_setting('max_wal_senders')::int8
        + 1 AS transactions,
    (SELECT count(*) FROM pg_locks AS l WHERE NOT l.fastpath) AS taken
