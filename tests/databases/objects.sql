-- A database with every kind of object, under names that break what doesn't quote.
-- For an empty database of PostgreSQL 13 to 18, UTF-8, run by a superuser with psql. The roles and the tablespace are made if
-- they aren't there.

SET client_min_messages = warning;
SET check_function_bodies = off;

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'golden owner') THEN CREATE ROLE "golden owner"; END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'golden_reader') THEN CREATE ROLE golden_reader; END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'golden_writer') THEN CREATE ROLE golden_writer; END IF;
END
$$;
-- A tablespace without a folder of its own, as far as the server is concerned.
SET allow_in_place_tablespaces = on;
SELECT 'CREATE TABLESPACE "golden space" LOCATION '''''
WHERE NOT EXISTS (SELECT FROM pg_tablespace WHERE spcname = 'golden space') \gexec
RESET allow_in_place_tablespaces;

-- Schemas -------------------------------------------------------------------------------------------------------------

CREATE SCHEMA sales AUTHORIZATION "golden owner";
CREATE SCHEMA "Odd ""Schema"".with/slash";
CREATE SCHEMA audit;
COMMENT ON SCHEMA sales IS 'It''s where orders are: "quoted", back\slash';
GRANT USAGE ON SCHEMA sales TO golden_reader, golden_writer;
GRANT CREATE ON SCHEMA sales TO golden_writer WITH GRANT OPTION;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;

-- Extensions ----------------------------------------------------------------------------------------------------------

CREATE SCHEMA extensions;
CREATE EXTENSION hstore WITH SCHEMA extensions;
CREATE EXTENSION btree_gist WITH SCHEMA extensions;
CREATE EXTENSION postgres_fdw WITH SCHEMA extensions;
CREATE EXTENSION citext;

-- Types ---------------------------------------------------------------------------------------------------------------

CREATE TYPE sales.mood AS ENUM ('sad', 'it''s ok', 'happy');
ALTER TYPE sales.mood ADD VALUE 'so "so"' BEFORE 'happy';
CREATE TYPE sales."select" AS (a integer, "B c" text COLLATE "C", d numeric(10, 2)[]);
CREATE TYPE public.float_range AS RANGE (subtype = float8, subtype_diff = float8mi);
CREATE DOMAIN sales.positive AS integer DEFAULT 1 NOT NULL CONSTRAINT "is positive" CHECK (VALUE > 0);
CREATE DOMAIN sales.email AS text COLLATE "C" CHECK (VALUE ~ '^[^@\s]+@[^@\s]+$') CONSTRAINT short CHECK (length(VALUE) < 200);
CREATE DOMAIN sales.vip_mail AS sales.email;
ALTER DOMAIN sales.vip_mail ADD CONSTRAINT later CHECK (VALUE <> 'root@localhost') NOT VALID;
CREATE TYPE public.shell_only;
COMMENT ON TYPE sales.mood IS 'How it is';
COMMENT ON DOMAIN sales.positive IS 'More than nothing';
COMMENT ON CONSTRAINT "is positive" ON DOMAIN sales.positive IS 'Zero isn''t positive';
COMMENT ON COLUMN sales."select"."B c" IS 'An attribute';
GRANT USAGE ON TYPE sales.mood TO golden_reader;
REVOKE USAGE ON TYPE sales.mood FROM PUBLIC;
ALTER TYPE sales.mood OWNER TO "golden owner";

-- A base type, whose functions need it before it is whole.
CREATE TYPE public.my_text;
CREATE FUNCTION public.my_text_in(cstring) RETURNS public.my_text LANGUAGE internal IMMUTABLE STRICT AS 'textin';
CREATE FUNCTION public.my_text_out(public.my_text) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'textout';
CREATE TYPE public.my_text (INPUT = public.my_text_in, OUTPUT = public.my_text_out, STORAGE = extended, ALIGNMENT = int4,
    INTERNALLENGTH = VARIABLE, COLLATABLE = true, DELIMITER = ';', CATEGORY = 'S');

-- Collations, conversions ---------------------------------------------------------------------------------------------

-- Not every server is built with ICU. With the variable "portable", nothing is made that only some are built for.
\if :{?portable}
    SET golden.portable = on;
\endif
DO $$
BEGIN
    IF current_setting('golden.portable', true) IS DISTINCT FROM 'on' AND EXISTS (SELECT FROM pg_collation WHERE collname LIKE '%-x-icu') THEN
        CREATE COLLATION public.german_phonebook (provider = icu, locale = 'de-u-co-phonebk');
        CREATE COLLATION public.ignore_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
    ELSE
        CREATE COLLATION public.german_phonebook (locale = 'POSIX');
        CREATE COLLATION public.ignore_case (lc_collate = 'C', lc_ctype = 'POSIX');
    END IF;
END
$$;
CREATE COLLATION public.plain (locale = 'C');
CREATE CONVERSION public.my_conversion FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
COMMENT ON COLLATION public.ignore_case IS 'Upper or lower, all the same';

-- Functions -----------------------------------------------------------------------------------------------------------

CREATE FUNCTION public.double(x integer, y integer DEFAULT 2, OUT result integer)
    LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 5 AS 'SELECT x * y';
CREATE FUNCTION public.code_of(value text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $function$
BEGIN
    -- A body with $$ and 'quotes' and a backslash \ in it.
    RETURN upper(value) || '''';
END
$function$;
CREATE FUNCTION sales.touch() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = sales, pg_temp AS $$
BEGIN
    NEW.changed := '2026-01-01 00:00:00+00';
    RETURN NEW;
END
$$;
CREATE FUNCTION public.guard() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN NULL; END';
CREATE FUNCTION public.many(VARIADIC items text[]) RETURNS SETOF text LANGUAGE sql ROWS 7 AS 'SELECT unnest(items)';
CREATE FUNCTION public.late_body() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM public.comes_later';
CREATE PROCEDURE sales."do it"(INOUT n integer) LANGUAGE plpgsql AS 'BEGIN n := n + 1; COMMIT; END';
CREATE FUNCTION public.add_up(numeric, numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT coalesce($1, 0) + coalesce($2, 0)';
CREATE AGGREGATE public.total(numeric) (SFUNC = public.add_up, STYPE = numeric, INITCOND = '0', COMBINEFUNC = public.add_up, PARALLEL = SAFE);
CREATE AGGREGATE public.nth_percentile(float8 ORDER BY float8)
    (SFUNC = ordered_set_transition, STYPE = internal, FINALFUNC = percentile_disc_final, FINALFUNC_EXTRA);
COMMENT ON FUNCTION public.double(integer, integer) IS 'x times y';
COMMENT ON AGGREGATE public.total(numeric) IS 'A sum that knows nothing';
COMMENT ON PROCEDURE sales."do it"(integer) IS 'Does it';
REVOKE EXECUTE ON FUNCTION public.double(integer, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.double(integer, integer) TO golden_reader;
ALTER FUNCTION sales.touch() OWNER TO "golden owner";

-- Operators, classes, casts -------------------------------------------------------------------------------------------

CREATE FUNCTION public.same_length(text, text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT length($1) = length($2)';
CREATE OPERATOR public.=~= (LEFTARG = text, RIGHTARG = text, FUNCTION = public.same_length,
    COMMUTATOR = OPERATOR(public.=~=), NEGATOR = OPERATOR(public.<~>), RESTRICT = eqsel, JOIN = eqjoinsel);
CREATE FUNCTION public.other_length(text, text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT length($1) <> length($2)';
CREATE OPERATOR public.<~> (LEFTARG = text, RIGHTARG = text, FUNCTION = public.other_length,
    COMMUTATOR = OPERATOR(public.<~>), NEGATOR = OPERATOR(public.=~=));
CREATE OPERATOR FAMILY public.backwards USING btree;
CREATE FUNCTION public.compare_backwards(integer, integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT sign($2::bigint - $1)::integer';
CREATE OPERATOR CLASS public.int4_backwards FOR TYPE integer USING btree FAMILY public.backwards AS
    OPERATOR 1 > (integer, integer), OPERATOR 2 >= (integer, integer), OPERATOR 3 = (integer, integer),
    OPERATOR 4 <= (integer, integer), OPERATOR 5 < (integer, integer),
    FUNCTION 1 (integer, integer) public.compare_backwards(integer, integer);
CREATE FUNCTION public.mood_number(sales.mood) RETURNS integer LANGUAGE sql STABLE AS 'SELECT length($1::text)';
CREATE CAST (sales.mood AS integer) WITH FUNCTION public.mood_number(sales.mood) AS ASSIGNMENT;
CREATE CAST (public.my_text AS text) WITHOUT FUNCTION AS IMPLICIT;
COMMENT ON CAST (sales.mood AS integer) IS 'Counts letters';
COMMENT ON OPERATOR public.=~= (text, text) IS 'As long as';

-- Text search ---------------------------------------------------------------------------------------------------------

CREATE TEXT SEARCH DICTIONARY public.plain_words (TEMPLATE = pg_catalog.simple, STOPWORDS = 'english', ACCEPT = 'false');
CREATE TEXT SEARCH CONFIGURATION public.words (PARSER = pg_catalog."default");
ALTER TEXT SEARCH CONFIGURATION public.words ADD MAPPING FOR asciiword, word WITH public.plain_words, english_stem;
ALTER TEXT SEARCH CONFIGURATION public.words ADD MAPPING FOR numword WITH simple;
COMMENT ON TEXT SEARCH CONFIGURATION public.words IS 'For searching';

-- Sequences -----------------------------------------------------------------------------------------------------------

CREATE SEQUENCE sales.invoice_number AS integer START WITH 1000 INCREMENT BY 5 MAXVALUE 100000 CACHE 3 CYCLE;
CREATE SEQUENCE public."down count" INCREMENT BY -1 MINVALUE -100 MAXVALUE 50 START WITH 50;
CREATE SEQUENCE public.never_used START WITH 7;
SELECT nextval('sales.invoice_number'), nextval('public."down count"'), nextval('public."down count"');
GRANT USAGE ON SEQUENCE sales.invoice_number TO golden_writer;

-- Tables --------------------------------------------------------------------------------------------------------------

CREATE TABLE sales.customers (
    id bigint GENERATED ALWAYS AS IDENTITY (START WITH 10 INCREMENT BY 10) PRIMARY KEY,
    email sales.email NOT NULL UNIQUE,
    name text COLLATE public.german_phonebook,
    mood sales.mood DEFAULT 'it''s ok',
    tags text[] DEFAULT '{}'::text[] NOT NULL,
    extra extensions.hstore,
    nick citext,
    balance numeric(12, 2) DEFAULT 0.00 CONSTRAINT "not broke" CHECK (balance >= '-100'::integer),
    changed timestamptz,
    favourite bigint,
    dropped_column integer,
    "Weird ""Column"" with 'quotes'" sales."select"
);
ALTER TABLE sales.customers DROP COLUMN dropped_column;
ALTER TABLE sales.customers OWNER TO "golden owner";
COMMENT ON TABLE sales.customers IS E'Two\nlines and a tab\t';
COMMENT ON COLUMN sales.customers."Weird ""Column"" with 'quotes'" IS 'Yes, really';
COMMENT ON CONSTRAINT "not broke" ON sales.customers IS 'A hundred is enough';
COMMENT ON CONSTRAINT customers_pkey ON sales.customers IS 'The key';
ALTER TABLE sales.customers ALTER COLUMN name SET STATISTICS 500;
ALTER TABLE sales.customers ALTER COLUMN tags SET STORAGE EXTERNAL;
ALTER TABLE sales.customers ALTER COLUMN email SET (n_distinct = -0.5);
ALTER TABLE sales.customers SET (fillfactor = 70, autovacuum_enabled = false, toast.autovacuum_enabled = false);
GRANT SELECT ON sales.customers TO golden_reader;
GRANT SELECT, INSERT, UPDATE ON sales.customers TO golden_writer WITH GRANT OPTION;
GRANT UPDATE (mood, tags) ON sales.customers TO golden_reader;
REVOKE TRUNCATE ON sales.customers FROM "golden owner";

CREATE TABLE sales.orders (
    id serial,
    customer bigint NOT NULL,
    total numeric(12, 2) NOT NULL,
    tax numeric(12, 2) GENERATED ALWAYS AS (round(total * 0.2, 2)) STORED,
    number integer DEFAULT nextval('sales.invoice_number'),
    code text DEFAULT public.code_of('a'),
    quantity sales.positive,
    period daterange,
    CONSTRAINT orders_pkey PRIMARY KEY (id) INCLUDE (total) WITH (fillfactor = 80),
    CONSTRAINT "unique number" UNIQUE (number) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT no_overlap EXCLUDE USING gist (customer WITH =, period WITH &&) WHERE (customer > 0) DEFERRABLE
);
ALTER TABLE sales.orders ADD CONSTRAINT orders_customer_fkey FOREIGN KEY (customer) REFERENCES sales.customers (id)
    ON UPDATE CASCADE ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE sales.orders ADD CONSTRAINT not_yet CHECK (total < 1000000) NOT VALID;
-- A circle of foreign keys.
ALTER TABLE sales.customers ADD CONSTRAINT customers_favourite_fkey FOREIGN KEY (favourite)
    REFERENCES sales.orders (id) ON DELETE SET NULL;
ALTER TABLE sales.customers ADD CONSTRAINT customers_self_fkey FOREIGN KEY (favourite) REFERENCES sales.customers (id) NOT VALID;

CREATE INDEX ON sales.orders (lower(code), total DESC NULLS LAST) WHERE total > 0;
CREATE INDEX orders_code_pattern ON sales.orders (code text_pattern_ops) WITH (fillfactor = 60);
CREATE INDEX orders_backwards ON sales.orders (number public.int4_backwards);
CREATE INDEX orders_expression ON sales.orders ((total * 2), (public.double(number)));
ALTER INDEX sales.orders_expression ALTER COLUMN 1 SET STATISTICS 300;
CREATE INDEX customers_tags ON sales.customers USING gin (tags);
CREATE UNIQUE INDEX customers_nick ON sales.customers (nick);
ALTER TABLE sales.orders CLUSTER ON orders_code_pattern;
ALTER TABLE sales.orders REPLICA IDENTITY USING INDEX orders_pkey;
ALTER TABLE sales.customers REPLICA IDENTITY FULL;
COMMENT ON INDEX sales.orders_code_pattern IS 'For LIKE';

CREATE UNLOGGED TABLE public.scratchpad (id integer GENERATED BY DEFAULT AS IDENTITY, note public.my_text);
CREATE TABLE public.no_columns ();
CREATE TABLE public.typed OF sales."select" (a WITH OPTIONS NOT NULL DEFAULT 5, PRIMARY KEY (a));
CREATE TABLE public.comes_later (id integer);
CREATE TABLE "Odd ""Schema"".with/slash"."Table.with dots/and ""all"" %41" ("a.b" integer PRIMARY KEY, "c""d" text DEFAULT E'\\x', "é ü" text);
CREATE TABLE public.only_generated (a integer GENERATED ALWAYS AS (1) STORED);
CREATE TABLE public.big_values (id integer PRIMARY KEY, body text, bin bytea, doc jsonb, far timestamptz, x float8, spread public.float_range, steps sales.mood[]);

-- Inheritance ---------------------------------------------------------------------------------------------------------

CREATE TABLE public.animals (id integer PRIMARY KEY, name text DEFAULT 'nobody', legs integer CHECK (legs >= 0));
CREATE TABLE public.cats (lives integer DEFAULT 9, name text DEFAULT 'cat') INHERITS (public.animals);
CREATE TABLE public.wet (depth integer);
CREATE TABLE public.fish (CONSTRAINT never CHECK (depth > 0) NO INHERIT) INHERITS (public.animals, public.wet);
ALTER TABLE ONLY public.fish ALTER COLUMN legs SET NOT NULL;
ALTER TABLE ONLY public.fish ALTER COLUMN name DROP DEFAULT;
ALTER TABLE ONLY public.fish ALTER COLUMN legs SET DEFAULT 0;

-- Partitions ----------------------------------------------------------------------------------------------------------

CREATE TABLE public.events (id bigint NOT NULL, at date NOT NULL, kind text NOT NULL, payload jsonb, CONSTRAINT known CHECK (kind <> ''))
    PARTITION BY RANGE (at);
CREATE TABLE public.events_2025 PARTITION OF public.events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE public.events_2026 PARTITION OF public.events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01') PARTITION BY LIST (kind);
CREATE TABLE public.events_2026_a PARTITION OF public.events_2026 FOR VALUES IN ('a', 'it''s');
CREATE TABLE public.events_2026_rest PARTITION OF public.events_2026 DEFAULT;
-- A partition whose columns come in another order.
CREATE TABLE public.events_old (payload jsonb, extra text, kind text NOT NULL, at date NOT NULL, id bigint NOT NULL, CONSTRAINT known CHECK (kind <> ''));
ALTER TABLE public.events_old DROP COLUMN extra;
ALTER TABLE public.events ATTACH PARTITION public.events_old FOR VALUES FROM (MINVALUE) TO ('2025-01-01');
ALTER TABLE public.events ADD CONSTRAINT events_pkey PRIMARY KEY (id, at, kind);
CREATE INDEX events_by_kind ON public.events (kind, at);
ALTER TABLE public.events_2025 ALTER COLUMN payload SET DEFAULT '{}';
CREATE TABLE public.event_notes (id bigint, at date, kind text, note text,
    FOREIGN KEY (id, at, kind) REFERENCES public.events (id, at, kind));
CREATE TABLE public.hashed (k integer NOT NULL, v text) PARTITION BY HASH (k);
CREATE TABLE public.hashed_0 PARTITION OF public.hashed FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE public.hashed_1 PARTITION OF public.hashed FOR VALUES WITH (MODULUS 2, REMAINDER 1);
ALTER TABLE public.hashed ADD CONSTRAINT hashed_fkey FOREIGN KEY (k) REFERENCES public.animals (id);
CREATE INDEX only_on_parent ON ONLY public.hashed (v);

-- Views and the circles they make -------------------------------------------------------------------------------------

CREATE VIEW sales.rich WITH (security_barrier) AS SELECT id, email, balance FROM sales.customers WHERE balance > 100 WITH LOCAL CHECK OPTION;
CREATE VIEW public."view on view" AS SELECT r.email AS "E mail", o.* FROM sales.rich r JOIN sales.orders o ON o.customer = r.id;
ALTER VIEW sales.rich ALTER COLUMN balance SET DEFAULT 200;
-- Grouping by a primary key makes a view need that key.
CREATE VIEW public.by_key AS SELECT c.*, count(o.id) AS orders FROM sales.customers c LEFT JOIN sales.orders o ON o.customer = c.id GROUP BY c.id;
CREATE VIEW public.on_by_key AS SELECT id, orders FROM public.by_key;
CREATE RECURSIVE VIEW public.numbers (n) AS VALUES (1) UNION ALL SELECT n + 1 FROM numbers WHERE n < 10;
CREATE VIEW public.looped AS SELECT 1 AS one;
CREATE FUNCTION public.of_looped(public.looped) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT $1.one';
CREATE OR REPLACE VIEW public.looped AS SELECT 1 AS one, public.of_looped(NULL) AS two;
CREATE TABLE public.self_default (a integer, b integer);
CREATE FUNCTION public.count_self(public.self_default) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 5';
ALTER TABLE public.self_default ALTER COLUMN b SET DEFAULT public.count_self(NULL), ADD CONSTRAINT c CHECK (public.count_self(self_default) > 0);
CREATE MATERIALIZED VIEW sales.summary AS SELECT customer, sum(total) AS total FROM sales.orders GROUP BY customer;
CREATE UNIQUE INDEX summary_customer ON sales.summary (customer);
CREATE MATERIALIZED VIEW public.a_first AS SELECT * FROM sales.summary WHERE total > 0 WITH NO DATA;
CREATE MATERIALIZED VIEW public.a_second AS SELECT max(total) AS most FROM sales.summary;
COMMENT ON VIEW sales.rich IS 'Who can pay';
COMMENT ON COLUMN sales.rich.email IS 'Where to write';
COMMENT ON MATERIALIZED VIEW sales.summary IS 'Sums';
GRANT SELECT ON sales.rich, sales.summary TO PUBLIC;

-- Rules, triggers, policies -------------------------------------------------------------------------------------------

CREATE TABLE audit.log (at timestamptz DEFAULT now(), what text);
CREATE RULE remember AS ON DELETE TO sales.orders DO ALSO INSERT INTO audit.log (what) VALUES ('deleted ' || OLD.id);
CREATE RULE rich_insert AS ON INSERT TO sales.rich DO INSTEAD NOTHING;
ALTER TABLE sales.orders DISABLE RULE remember;
CREATE TRIGGER touch BEFORE INSERT OR UPDATE OF name, email ON sales.customers FOR EACH ROW WHEN (NEW.balance > 0) EXECUTE FUNCTION sales.touch();
CREATE TRIGGER "always touch" BEFORE UPDATE ON sales.customers FOR EACH ROW EXECUTE FUNCTION sales.touch();
ALTER TABLE sales.customers ENABLE ALWAYS TRIGGER "always touch";
CREATE TRIGGER off BEFORE UPDATE ON sales.customers FOR EACH ROW EXECUTE FUNCTION sales.touch();
ALTER TABLE sales.customers DISABLE TRIGGER off;
CREATE CONSTRAINT TRIGGER late_check AFTER INSERT ON sales.customers DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION sales.touch();
CREATE FUNCTION public.on_events() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER every_event AFTER INSERT ON public.events FOR EACH ROW EXECUTE FUNCTION public.on_events();
ALTER TABLE public.events_2025 DISABLE TRIGGER every_event;
COMMENT ON TRIGGER touch ON sales.customers IS 'Keeps the time';
COMMENT ON RULE remember ON sales.orders IS 'Remembers';
ALTER TABLE sales.customers ENABLE ROW LEVEL SECURITY;
ALTER TABLE sales.orders ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY readers ON sales.customers FOR SELECT TO golden_reader, golden_writer USING (balance > 0);
CREATE POLICY strict ON sales.customers AS RESTRICTIVE USING (name IS NOT NULL) WITH CHECK (name <> '');
CREATE POLICY everyone ON sales.orders FOR INSERT TO PUBLIC WITH CHECK (true);
COMMENT ON POLICY strict ON sales.customers IS 'Nobody nameless';

-- Statistics, publications, event triggers ----------------------------------------------------------------------------

CREATE STATISTICS sales.correlated (ndistinct, dependencies, mcv) ON customer, total FROM sales.orders;
ALTER STATISTICS sales.correlated SET STATISTICS 400;
COMMENT ON STATISTICS sales.correlated IS 'They go together';
CREATE PUBLICATION everything FOR ALL TABLES WITH (publish = 'insert, update');
CREATE PUBLICATION chosen FOR TABLE sales.customers, ONLY public.animals WITH (publish_via_partition_root = true);
CREATE PUBLICATION nothing;
CREATE EVENT TRIGGER guard ON ddl_command_end WHEN TAG IN ('CREATE TABLE', 'DROP TABLE') EXECUTE FUNCTION public.guard();
ALTER EVENT TRIGGER guard DISABLE;
COMMENT ON EVENT TRIGGER guard IS 'Watches';

-- Foreign data --------------------------------------------------------------------------------------------------------

CREATE FOREIGN DATA WRAPPER nothing_wrapper OPTIONS (debug 'true');
CREATE SERVER "far away" TYPE 'postgres' VERSION '15' FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'localhost', dbname 'it''s');
CREATE USER MAPPING FOR PUBLIC SERVER "far away" OPTIONS ("user" 'guest');
CREATE FOREIGN TABLE public.remote (id integer OPTIONS (column_name 'ID') NOT NULL, name text DEFAULT 'x') SERVER "far away" OPTIONS (table_name 'elsewhere');
GRANT USAGE ON FOREIGN SERVER "far away" TO golden_reader;
COMMENT ON SERVER "far away" IS 'Not here';

-- Large objects, default privileges, security -------------------------------------------------------------------------

SELECT lo_from_bytea(424242, decode(repeat('00ff10', 3000), 'hex'));
GRANT SELECT ON LARGE OBJECT 424242 TO golden_reader;
COMMENT ON LARGE OBJECT 424242 IS 'A blob';
ALTER DEFAULT PRIVILEGES FOR ROLE "golden owner" IN SCHEMA sales GRANT SELECT ON TABLES TO golden_reader;
ALTER DEFAULT PRIVILEGES FOR ROLE "golden owner" REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

-- What only newer servers know ----------------------------------------------------------------------------------------

DO $$
BEGIN
    IF current_setting('server_version_num')::integer >= 140000 THEN
        EXECUTE 'CREATE FUNCTION public.parsed(a integer) RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) + a FROM sales.customers; END';
        EXECUTE 'CREATE STATISTICS sales.expressions ON (total * 2), customer FROM sales.orders';
        EXECUTE 'CREATE FUNCTION public.grouped() RETURNS SETOF bigint LANGUAGE sql BEGIN ATOMIC SELECT c.id FROM sales.customers c GROUP BY c.id HAVING c.email > ''a''; END';
        EXECUTE 'CREATE TABLE public.compressed (a text COMPRESSION pglz)';
        EXECUTE 'CREATE TYPE public.int_span AS RANGE (subtype = integer, multirange_type_name = "Int Spans")';
    END IF;
    IF current_setting('server_version_num')::integer >= 150000 THEN
        EXECUTE 'CREATE TABLE public.no_nulls (a integer, b integer, CONSTRAINT one_null UNIQUE NULLS NOT DISTINCT (a, b))';
        EXECUTE 'CREATE PUBLICATION filtered FOR TABLE sales.orders (id, total) WHERE (total > 10)';
        EXECUTE 'CREATE PUBLICATION by_schema FOR TABLES IN SCHEMA audit, "Odd ""Schema"".with/slash"';
        EXECUTE 'CREATE VIEW public.as_invoker WITH (security_invoker = true) AS SELECT 1 AS one';
        EXECUTE 'CREATE UNLOGGED SEQUENCE public.unlogged_sequence';
        EXECUTE 'CREATE TABLE public.set_some (a integer, b integer, FOREIGN KEY (a) REFERENCES public.animals ON DELETE SET NULL (a))';
    END IF;
    IF current_setting('server_version_num')::integer >= 170000 THEN
        EXECUTE 'CREATE TABLE public.with_identity (id bigint GENERATED ALWAYS AS IDENTITY, at date NOT NULL) PARTITION BY RANGE (at)';
        EXECUTE 'CREATE TABLE public.with_identity_1 PARTITION OF public.with_identity FOR VALUES FROM (''2026-01-01'') TO (''2027-01-01'')';
    END IF;
    IF current_setting('server_version_num')::integer >= 180000 THEN
        EXECUTE 'CREATE TABLE public.newest (a integer CONSTRAINT "a is there" NOT NULL, b integer GENERATED ALWAYS AS (a * 2) VIRTUAL, c integer NOT NULL NO INHERIT, d daterange, e integer, CONSTRAINT lax CHECK (a > 0) NOT ENFORCED, PRIMARY KEY (a, d WITHOUT OVERLAPS))';
        EXECUTE 'CREATE TABLE public.newest_child () INHERITS (public.newest)';
        EXECUTE 'ALTER TABLE public.newest ADD CONSTRAINT "e perhaps" NOT NULL e NOT VALID';
        EXECUTE 'CREATE TABLE public.newest_forebear (a integer)';
        EXECUTE 'CREATE TABLE public.newest_heir () INHERITS (public.newest_forebear)';
        EXECUTE 'INSERT INTO public.newest_heir VALUES (NULL)';
        EXECUTE 'ALTER TABLE public.newest_heir ADD CONSTRAINT "a perhaps" NOT NULL a NOT VALID';
        EXECUTE 'ALTER TABLE public.newest_forebear ADD CONSTRAINT "a perhaps" NOT NULL a NOT VALID';
        EXECUTE 'CREATE TABLE public.lax_reference (a integer, d daterange, FOREIGN KEY (a, PERIOD d) REFERENCES public.newest (a, PERIOD d))';
    END IF;
END
$$;

-- Rows ----------------------------------------------------------------------------------------------------------------

INSERT INTO sales.customers (email, name, mood, tags, extra, nick, balance, "Weird ""Column"" with 'quotes'")
SELECT 'c' || i || '@example.org', CASE WHEN i % 7 = 0 THEN NULL ELSE 'Name ' || i END, 'happy',
    ARRAY['a', 'b c', NULL, '{"x"}'], 'k=>v, "a b"=>NULL', 'Nick' || i, i * 10, ROW(i, 'x' || i, ARRAY[1.5, NULL])::sales."select"
FROM generate_series(1, 1000) AS i;
INSERT INTO sales.orders (customer, total, period)
SELECT 10 + 10 * (i % 1000), i, daterange('2020-01-01'::date + i, '2020-01-02'::date + i) FROM generate_series(1, 3000) AS i;
UPDATE sales.customers SET favourite = 10 WHERE id = 10;
INSERT INTO public.no_columns SELECT FROM generate_series(1, 3);
INSERT INTO public.only_generated DEFAULT VALUES;
INSERT INTO public.typed VALUES (1, E'tab\tnewline\nbackslash\\ \\N \\.', ARRAY[1.25]), (2, NULL, NULL), (3, '', '{}');
INSERT INTO public.scratchpad (note) VALUES ('one'), ('two');
INSERT INTO "Odd ""Schema"".with/slash"."Table.with dots/and ""all"" %41" VALUES (1, E'\\.', 'ümläut 漢字 🙂');
INSERT INTO public.big_values VALUES
    (1, repeat('long ', 100000), decode(repeat('00ff', 50000), 'hex'), '{"a": [1, 2.50, null, "\u00e9"]}', 'infinity', 'NaN', '[1.5,2.5)', '{sad,NULL}'),
    (2, '', '', 'null', '0044-03-15 BC', '-Infinity', 'empty', '{}'),
    (3, NULL, NULL, NULL, '2026-11-23 12:00:00.123456+02', 0.1, '(,5]', NULL);
INSERT INTO public.animals VALUES (0, 'zero', 0), (1, 'one', 2), (2, NULL, 4), (3, 'three', NULL);
INSERT INTO public.cats VALUES (10, 'Tom', 4, 7);
INSERT INTO public.fish VALUES (20, 'Nemo', 0, 100);
INSERT INTO public.events SELECT i, '2024-06-01'::date + i, CASE i % 3 WHEN 0 THEN 'a' WHEN 1 THEN 'it''s' ELSE 'other' END, jsonb_build_object('i', i)
FROM generate_series(1, 900) AS i;
INSERT INTO public.event_notes SELECT id, at, kind, 'note ' || id FROM public.events WHERE id % 10 = 0;
INSERT INTO public.hashed SELECT i % 4, 'v' || i FROM generate_series(1, 40) AS i;
INSERT INTO public.comes_later VALUES (1);
INSERT INTO public.self_default (a) VALUES (1);
REFRESH MATERIALIZED VIEW sales.summary;
REFRESH MATERIALIZED VIEW public.a_second;
SELECT setval('sales.invoice_number', 99005), setval('public.never_used', 7, false);

-- What the data violates, in a domain and among heirs -----------------------------------------------------------------

CREATE DOMAIN public.late_domain AS integer;
CREATE TABLE public.of_late_domain (d public.late_domain);
INSERT INTO public.of_late_domain VALUES (-1);
ALTER DOMAIN public.late_domain ADD CONSTRAINT positive CHECK (VALUE > 0) NOT VALID;
COMMENT ON CONSTRAINT positive ON DOMAIN public.late_domain IS 'From now on';

CREATE TABLE public.forebear (a integer);
CREATE TABLE public.heir (b integer) INHERITS (public.forebear);
CREATE TABLE public.heir_of_heir (a integer) INHERITS (public.heir);
CREATE TABLE public.parted (a integer) PARTITION BY LIST (a);
CREATE TABLE public.parted_1 PARTITION OF public.parted FOR VALUES IN (-1);
INSERT INTO public.heir VALUES (-1);
INSERT INTO public.heir_of_heir VALUES (-1);
INSERT INTO public.parted VALUES (-1);
ALTER TABLE public.heir ADD CONSTRAINT positive CHECK (a > 0) NOT VALID;
ALTER TABLE public.forebear ADD CONSTRAINT positive CHECK (a > 0) NOT VALID;
ALTER TABLE public.parted ADD CONSTRAINT positive CHECK (a > 0) NOT VALID;
ALTER TABLE public.parted_1 ADD CONSTRAINT more_positive CHECK (a > 1) NOT VALID;

-- Privileges on an aggregate with an order, and on a schema that changed hands ----------------------------------------

CREATE AGGREGATE public.middle (double precision ORDER BY anyelement)
    (SFUNC = ordered_set_transition, STYPE = internal, FINALFUNC = percentile_disc_final, FINALFUNC_EXTRA);
GRANT EXECUTE ON FUNCTION public.middle (double precision, anyelement) TO golden_reader;
REVOKE EXECUTE ON FUNCTION public.middle (double precision, anyelement) FROM PUBLIC;
ALTER SCHEMA public OWNER TO "golden owner";
REVOKE ALL ON SCHEMA public FROM PUBLIC;

-- More of each kind ---------------------------------------------------------------------------------------------------

\ir objects/routines.sql
\ir objects/tables.sql
\ir objects/rights.sql

-- An event trigger that is in the way of whoever comes after it -------------------------------------------------------

CREATE FUNCTION public.refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'not while I watch'; END$$;
CREATE EVENT TRIGGER refuse ON ddl_command_start WHEN TAG IN ('DROP SCHEMA', 'REFRESH MATERIALIZED VIEW') EXECUTE FUNCTION public.refuse();
ALTER EVENT TRIGGER refuse ENABLE ALWAYS;
