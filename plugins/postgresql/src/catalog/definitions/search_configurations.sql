-- PostgreSQL 13 to 18
SELECT
    'pg_ts_config'::regclass::int8 AS class,
    c.oid::int8 AS oid,
    n.nspname AS schema,
    c.cfgname AS name,
    format('TEXT SEARCH CONFIGURATION %I.%I', n.nspname, c.cfgname) AS address,
    pg_get_userbyid(c.cfgowner) AS owner,
    (
        SELECT json_agg(s.statement ORDER BY s.step)
        FROM (
            SELECT
                0 AS step,
                format('CREATE TEXT SEARCH CONFIGURATION %I.%I (PARSER = %I.%I)', n.nspname, c.cfgname, pn.nspname, p.prsname)
                AS statement
            UNION ALL
            SELECT
                m.maptokentype,
                format(
                    'ALTER TEXT SEARCH CONFIGURATION %I.%I ADD MAPPING FOR %I WITH %s', n.nspname, c.cfgname,
                    (SELECT t.alias FROM ts_token_type(c.cfgparser) AS t WHERE t.tokid = m.maptokentype),
                    string_agg(format('%I.%I', dn.nspname, d.dictname), ', ' ORDER BY m.mapseqno)
                )
            FROM pg_ts_config_map AS m
            JOIN pg_ts_dict AS d ON d.oid = m.mapdict
            JOIN pg_namespace AS dn ON dn.oid = d.dictnamespace
            WHERE m.mapcfg = c.oid
            GROUP BY m.maptokentype
        ) AS s
    ) AS statements
FROM pg_ts_config AS c
JOIN pg_namespace AS n ON n.oid = c.cfgnamespace
JOIN pg_ts_parser AS p ON p.oid = c.cfgparser
JOIN pg_namespace AS pn ON pn.oid = p.prsnamespace
WHERE n.nspname <> 'information_schema'
  AND n.nspname !~ '^pg_'
  AND NOT EXISTS (
      SELECT FROM pg_depend AS e
      WHERE e.classid = 'pg_ts_config'::regclass AND e.objid = c.oid AND e.deptype = 'e'
  )
