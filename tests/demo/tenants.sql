-- Seventeen customers of the same software, each with a schema of ten tables: what makes a catalogue large.

DO $do$
DECLARE
    tenant text;
BEGIN
    FOR n IN 1..17 LOOP
        tenant := format('tenant_%s', lpad(n::text, 2, '0'));
        EXECUTE format($sql$
            CREATE SCHEMA %1$I;
            CREATE TABLE %1$I.accounts (id integer PRIMARY KEY, name text NOT NULL, settings jsonb);
            CREATE TABLE %1$I.users (id integer PRIMARY KEY, account integer NOT NULL REFERENCES %1$I.accounts, login text UNIQUE);
            CREATE TABLE %1$I.projects (id serial PRIMARY KEY, account integer REFERENCES %1$I.accounts, title text);
            CREATE TABLE %1$I.tickets (id serial PRIMARY KEY, project integer REFERENCES %1$I.projects, author integer REFERENCES %1$I.users, title text, labels text[]);
            CREATE TABLE %1$I.comments (id serial PRIMARY KEY, ticket integer REFERENCES %1$I.tickets, author integer REFERENCES %1$I.users, words text, written timestamptz);
            CREATE TABLE %1$I.files (id integer PRIMARY KEY, ticket integer REFERENCES %1$I.tickets, content bytea);
            CREATE TABLE %1$I.hours (author integer REFERENCES %1$I.users, day date, hours numeric(4, 2), PRIMARY KEY (author, day));
            CREATE TABLE %1$I.invoices (number text PRIMARY KEY, account integer REFERENCES %1$I.accounts, sum numeric(12, 2));
            CREATE TABLE %1$I.settings (key text PRIMARY KEY, value jsonb);
            CREATE TABLE %1$I.sessions (token uuid PRIMARY KEY, login text, expires timestamptz);
            CREATE INDEX ON %1$I.tickets USING gin (labels);
            CREATE INDEX ON %1$I.comments (ticket, written);
            CREATE VIEW %1$I.busy AS
                SELECT t.id, t.title, count(*) AS comments FROM %1$I.tickets t JOIN %1$I.comments c ON c.ticket = t.id GROUP BY t.id;

            INSERT INTO %1$I.accounts SELECT i, 'Account ' || i, jsonb_build_object('plan', i %% 3) FROM generate_series(1, 20) i;
            INSERT INTO %1$I.users SELECT i, 1 + i %% 20, 'user' || i || '@' || %1$L FROM generate_series(1, 100) i;
            INSERT INTO %1$I.projects (account, title) SELECT 1 + i %% 20, 'Project ' || i FROM generate_series(1, 50) i;
            INSERT INTO %1$I.tickets (project, author, title, labels)
                SELECT 1 + i %% 50, 1 + i %% 100, md5(%1$L || i), ARRAY['l' || i %% 7, NULL, ''] FROM generate_series(1, 400) i;
            INSERT INTO %1$I.comments (ticket, author, words, written)
                SELECT 1 + i %% 400, 1 + i %% 100, repeat(md5(i::text) || ' ', 1 + i %% 9), timestamptz '2025-01-01Z' + i * interval '1 hour'
                FROM generate_series(1, 2000) i;
            INSERT INTO %1$I.files SELECT i, i, decode(repeat(md5(i::text), 50), 'hex') FROM generate_series(1, 30) i;
            INSERT INTO %1$I.hours SELECT 1 + i %% 100, date '2025-01-01' + i / 100, (i %% 32) / 4.0 FROM generate_series(0, 999) i;
            INSERT INTO %1$I.invoices SELECT 'R-' || i, 1 + i %% 20, i * 11.11 FROM generate_series(1, 100) i;
            INSERT INTO %1$I.settings VALUES ('theme', '"dark"'), ('empty', 'null'), ('nothing', NULL);
        $sql$, tenant);
    END LOOP;
END
$do$;
