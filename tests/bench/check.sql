-- PostgreSQL 13 to 18: enough of a database to see that a tool did its work.
SELECT
    (SELECT count(*) FROM big.events),
    (SELECT sum(amount) FROM middling.t100),
    (SELECT count(words) FROM tiny.t100),
    (SELECT count(*) FROM pg_class AS c WHERE c.relkind = 'r' AND c.relnamespace::regnamespace::text IN ('big', 'middling', 'tiny')),
    (SELECT count(*) FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indrelid
     WHERE i.indisvalid AND c.relnamespace::regnamespace::text IN ('big', 'middling', 'tiny'));
