-- PostgreSQL 13 to 18
SELECT
    'pg_foreign_data_wrapper'::regclass::int8 AS class,
    w.oid::int8 AS oid,
    NULL AS schema,
    w.fdwname AS name,
    format('FOREIGN DATA WRAPPER %I', w.fdwname) AS address,
    pg_get_userbyid(w.fdwowner) AS owner,
    json_build_array(concat_ws(
        ' ',
        format('CREATE FOREIGN DATA WRAPPER %I', w.fdwname),
        CASE WHEN w.fdwhandler <> 0 THEN 'HANDLER ' || w.fdwhandler::regproc END,
        CASE WHEN w.fdwvalidator <> 0 THEN 'VALIDATOR ' || w.fdwvalidator::regproc END,
        (
            SELECT format('OPTIONS (%s)', string_agg(format('%I %L', o.option_name, o.option_value), ', '))
            FROM pg_options_to_table(w.fdwoptions) AS o
            HAVING count(*) > 0
        )
    )) AS statements
FROM pg_foreign_data_wrapper AS w
WHERE NOT EXISTS (
    SELECT FROM pg_depend AS e
    WHERE e.classid = 'pg_foreign_data_wrapper'::regclass AND e.objid = w.oid AND e.deptype = 'e'
)
