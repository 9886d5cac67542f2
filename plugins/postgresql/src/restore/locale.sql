-- PostgreSQL 13 to 18
SELECT
    d.datcollate AS collate,
    d.datctype AS ctype,
    d.datlocprovider AS provider, -- from 15
    'c' AS provider, -- until 14
    d.datlocale AS locale, -- from 17
    d.daticulocale AS locale, -- from 15 until 16
    NULL AS locale, -- until 14
    pg_encoding_to_char(d.encoding) AS encoding
FROM pg_database AS d
WHERE d.datname = current_database()
