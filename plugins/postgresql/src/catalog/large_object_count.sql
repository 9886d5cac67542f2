-- PostgreSQL 13 to 18
SELECT
    (SELECT count(*) FROM pg_largeobject_metadata) AS objects,
    (SELECT count(*) FROM pg_description AS d WHERE d.classoid = 'pg_largeobject'::regclass) AS comments,
    (
        SELECT count(*)
        FROM pg_largeobject_metadata AS m
        WHERE m.lomacl IS NOT NULL
          AND NOT (m.lomacl @> acldefault('L', m.lomowner) AND m.lomacl <@ acldefault('L', m.lomowner))
    ) AS privileges
