-- Rows for schema.sql. Everything follows from the row's number, so each run loads the same bytes.
-- psql variable "scale": 1 makes about 400 MB; audit.events and audit.documents have 100 MB each.

INSERT INTO people.customers (name, email, phone, tags, preferences, joined, referred_by)
SELECT
    (ARRAY['Ada', 'Børge', 'Chloé', 'Đặng', 'Eva "Eve"', 'Fjodor', '李'])[1 + i % 7] || ' ' || initcap(substr(md5(i::text), 1, 8)),
    CASE WHEN i % 10 > 0 THEN 'c' || i || '@example.com' END,
    CASE i % 3 WHEN 0 THEN '' WHEN 1 THEN '+49 30 ' || i END,
    CASE WHEN i % 4 = 0 THEN ARRAY['vip', 'a,b', 'q"q', 'NULL', NULL] ELSE '{}' END,
    jsonb_build_object('lang', (ARRAY['de', 'fr', 'en'])[1 + i % 3], 'news', i % 2 = 0, 'limits', jsonb_build_array(i, NULL, i * 1.5)),
    timestamptz '2019-03-01 08:00:00.123456Z' + i * interval '37 minutes',
    CASE WHEN i % 5 = 0 THEN i / 5 END
FROM generate_series(1, 40000 * :scale) AS i;

BEGIN;
INSERT INTO people.departments SELECT i, 'Department ' || i, 1000 + 10 * i FROM generate_series(1, 12) AS i;
INSERT INTO people.employees (department, name, salary, photo, hired)
SELECT 1 + i % 12, 'Employee ' || i, CASE WHEN i % 6 > 0 THEN 3000 + i END, decode(repeat(md5(i::text), i % 40), 'hex'), date '2015-01-01' + i
FROM generate_series(0, 400) AS i;
COMMIT;

INSERT INTO shop.categories (id, parent, title)
SELECT i, CASE WHEN i > 10 THEN i / 10 END, 'Category ' || i FROM generate_series(1, 200) AS i;
INSERT INTO shop.products (id, category, title, price, size, attributes, discontinued)
SELECT
    i, 1 + i % 200, 'Product № ' || i || E' with a\ttab', (i % 997) + 0.99,
    CASE WHEN i % 3 > 0 THEN ROW(i % 100, i % 50, NULL)::warehouse.dimensions END,
    CASE WHEN i % 4 > 0 THEN jsonb_build_object('color', (ARRAY['red', 'grün', 'blå'])[1 + i % 3], 'weight', i / 7.0) END,
    i % 17 = 0
FROM generate_series(1, 10000) AS i;

INSERT INTO shop.orders (customer, state, placed, note, address)
SELECT
    1 + i * 7919 % (40000 * :scale),
    (enum_range(NULL::shop.order_state))[1 + i % 6],
    timestamptz '2020-01-01Z' + i * interval '11 minutes',
    CASE i % 8 WHEN 0 THEN '' WHEN 1 THEN E'two\nlines, a \\ and a \\.' WHEN 2 THEN '\N' WHEN 3 THEN md5(i::text) END,
    jsonb_build_object('street', 'Straße ' || i % 900, 'zip', lpad((i % 99999)::text, 5, '0'))
FROM generate_series(1::bigint, 250000 * :scale) AS i;
INSERT INTO shop.order_lines (order_id, line, product, quantity, price)
SELECT o.id, l, 1 + (o.id * 31 + l) % 10000, 1 + o.id % 9, (o.id % 500) + 0.5
FROM shop.orders AS o, generate_series(1, 1 + (o.id % 3)::integer) AS l;
INSERT INTO shop.reviews
SELECT 1 + i % 10000, 1 + i * 13 % (40000 * :scale), 1 + i % 5, CASE WHEN i % 3 > 0 THEN repeat('good ', i % 20) END
FROM generate_series(1, 50000) AS i
ON CONFLICT DO NOTHING;

INSERT INTO warehouse.sites VALUES
    (1, 'Köln', '(6.96,50.94)', '10.1.0.0/16'), (2, 'Århus', '(10.2,56.15)', '2001:db8::/32'), (3, '', NULL, NULL);
INSERT INTO warehouse.stock
SELECT 1 + i % 3, i, i % 300, CASE WHEN i % 2 = 0 THEN timestamptz '2025-06-01Z' + i * interval '1 second' END
FROM generate_series(1, 10000) AS i;
INSERT INTO warehouse.shifts
SELECT 1 + i % 3, tstzrange(timestamptz '2025-01-01Z' + i * interval '8 hours', timestamptz '2025-01-01Z' + (i + 1) * interval '8 hours')
FROM generate_series(0, 999) AS i;
INSERT INTO warehouse.scanner_cache SELECT md5(i::text), i FROM generate_series(1, 1000) AS i;

INSERT INTO audit.events
SELECT
    i, timestamptz '2024-12-20Z' + i * interval '1 year' / (500000 * :scale), md5((i % 5000)::text)::uuid,
    (ARRAY['login', 'view', 'order', 'pay', 'error: "odd"'])[1 + i % 5],
    CASE WHEN i % 20 > 0 THEN jsonb_build_object('path', '/p/' || i % 1000, 'ms', i % 977, 'agent', md5((i % 300)::text), 'ref', md5(i::text)) END
FROM generate_series(1::bigint, 500000 * :scale) AS i;
INSERT INTO audit.documents
SELECT i, 'document ' || i, (SELECT string_agg(sha512((i || '/' || k)::bytea), '') FROM generate_series(1, 500) AS k)
FROM generate_series(1, 3000 * :scale) AS i;

INSERT INTO finance.accounts
SELECT (1000 + i)::text, 'Account ' || i, daterange('2019-01-01', CASE WHEN i % 5 = 0 THEN date '2024-01-01' END)
FROM generate_series(1, 100) AS i;
INSERT INTO finance.entries (account, order_id, amount, booked)
SELECT (1001 + id % 100)::text, CASE WHEN id % 9 > 0 THEN id END, (id % 20011) - 10000.5, placed::date FROM shop.orders;
INSERT INTO finance.discounts VALUES
    ('[0,100)', 0.1, 0.1), ('[100,)', 'Infinity', '-Infinity'), ('empty', 'NaN', 2.2250738585072014e-308), ('(,)', 3.4028235e38, 1e-323);
INSERT INTO finance.ledger SELECT y, 'year ' || y FROM generate_series(2001, 2025) AS y;
INSERT INTO finance.ledger_old SELECT y, NULL, false FROM generate_series(1990, 2000) AS y;
REFRESH MATERIALIZED VIEW finance.monthly;

INSERT INTO "Sales & Co."."Übersicht ""2025"" v1.0" VALUES
    ('ß', 1, '.', '''', E'\n', '日本', ' '), (NULL, NULL, NULL, NULL, NULL, NULL, NULL), ('', 0, '', '', '', '', ''),
    (E'\\.', -1, E'\\N', E'\\', E'\r\n\t\b\f\v', U&'\+01F980', E'\x7f');
INSERT INTO "Sales & Co."."semi;colon/slash\back" ("100%") VALUES ('NaN'), (1e100), (0.000000000000000000001), (NULL);
INSERT INTO "Sales & Co.".no_columns SELECT FROM generate_series(1, 5);
INSERT INTO "Sales & Co.".all_kinds DEFAULT VALUES;
INSERT INTO "Sales & Co.".all_kinds VALUES (
    true, -32768, 2147483647, -9223372036854775808, '123456789012345678901234567890.123456789', 1e-45, 1.7976931348623157e308, '12.34', E'a\\b', 'ab',
    'v', '\x00ff5c0a', '294276-12-31 23:59:59.999999', '4713-01-01 00:00:00+00 BC', 'infinity', '24:00', '23:59:59.999999-15:59', '-178000000 years', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
    '{"a" :  1, "a": 2}', '{"n": 1.10, "u": "\u00e9"}', '::1/128', '08:00:2b:01:02:03', B'101', B'', '(1,2)', '((0,0),(1,1))', '[(0,0),(1,1)]', '<a b="c">&lt;</a>', '[0:1][1:2]={{1,2},{3,NULL}}',
    '{"", " ", NULL, "NULL", "a\"b", "{}"}', 'empty', 'a:1A b:2', 'a & !b', 'on its way', '(1.00,,3.00)', 4294967295, 'FFFFFFFF/FFFFFFFF'
);
SELECT setval('shop.order_number', (SELECT max(id) FROM shop.orders) + 1000);
ANALYZE;
