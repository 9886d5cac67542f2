-- Types, functions, operators and what belongs to them, beyond the usual. For PostgreSQL 13 to 18; included by objects.sql.

-- Types ---------------------------------------------------------------------------------------------------------------

CREATE COLLATION public."Odd collation" FROM "C";
CREATE TYPE public.text_span AS RANGE (subtype = text, subtype_opclass = text_pattern_ops, collation = "POSIX");
CREATE TYPE public.own_span;
CREATE FUNCTION public.own_span_canonical(public.own_span) RETURNS public.own_span
    LANGUAGE internal IMMUTABLE STRICT AS 'int4range_canonical';
CREATE TYPE public.own_span AS RANGE (subtype = integer, canonical = public.own_span_canonical, subtype_diff = int4range_subdiff);
CREATE TYPE public.empty_composite AS ();
CREATE TYPE public.no_labels AS ENUM ();
CREATE TYPE public.shrunk AS (a integer, b text, c sales.mood[]);
ALTER TYPE public.shrunk DROP ATTRIBUTE b;
CREATE DOMAIN public.code_list AS varchar(10)[] COLLATE "C" DEFAULT '{a}' CHECK (cardinality(VALUE) < 5);
CREATE DOMAIN public.small_spans AS int4range CHECK (upper(VALUE) - lower(VALUE) < 10);
ALTER DOMAIN public.code_list OWNER TO "golden owner";
GRANT USAGE ON DOMAIN public.code_list TO golden_reader WITH GRANT OPTION;

-- A domain whose check calls a function on the domain itself.
CREATE DOMAIN public.checks_itself AS integer;
CREATE FUNCTION public.is_fine(public.checks_itself) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true';
ALTER DOMAIN public.checks_itself ADD CHECK (public.is_fine(VALUE));

-- A base type with everything that one can have.
CREATE TYPE public.whole_number;
CREATE FUNCTION public.whole_number_in(cstring) RETURNS public.whole_number LANGUAGE internal IMMUTABLE STRICT AS 'int4in';
CREATE FUNCTION public.whole_number_out(public.whole_number) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'int4out';
CREATE FUNCTION public.whole_number_receive(internal) RETURNS public.whole_number LANGUAGE internal IMMUTABLE STRICT AS 'int4recv';
CREATE FUNCTION public.whole_number_send(public.whole_number) RETURNS bytea LANGUAGE internal IMMUTABLE STRICT AS 'int4send';
CREATE TYPE public.whole_number (
    INPUT = public.whole_number_in, OUTPUT = public.whole_number_out, RECEIVE = public.whole_number_receive,
    SEND = public.whole_number_send, INTERNALLENGTH = 4, PASSEDBYVALUE, ALIGNMENT = int4, STORAGE = plain,
    CATEGORY = 'N', PREFERRED = true, DEFAULT = '42'
);

-- Functions -----------------------------------------------------------------------------------------------------------

CREATE FUNCTION public."Window ""fun"""(anyelement, integer) RETURNS anyelement LANGUAGE internal WINDOW IMMUTABLE STRICT AS 'window_nth_value';
CREATE FUNCTION public.rows_of(how_many integer DEFAULT 3, OUT n integer, OUT "N squared" integer) RETURNS SETOF record
    LANGUAGE sql STABLE LEAKPROOF CALLED ON NULL INPUT PARALLEL RESTRICTED AS 'SELECT i, i * i FROM generate_series(1, how_many) i';
CREATE FUNCTION public.as_table(VARIADIC "in" numeric[] DEFAULT '{1,2}') RETURNS TABLE ("a b" numeric, c text)
    LANGUAGE sql ROWS 12 COST 7 SET work_mem = '8MB' SET search_path = public, "Odd ""Schema"".with/slash", '' SET datestyle TO iso, mdy
    AS 'SELECT x, x::text FROM unnest("in") x';
CREATE FUNCTION public.supported(text, text) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT SUPPORT textlike_support AS 'textlike';
CREATE PROCEDURE public.deliver(item text, VARIADIC places integer[]) LANGUAGE sql SECURITY DEFINER AS 'INSERT INTO public.comes_later VALUES (1)';
CREATE FUNCTION public."ünïcode ""f"".(x)"(integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT $1';
COMMENT ON FUNCTION public."ünïcode ""f"".(x)"(integer) IS E'A\nname';
GRANT EXECUTE ON PROCEDURE public.deliver(text, integer[]) TO golden_writer;
ALTER PROCEDURE public.deliver(text, integer[]) OWNER TO "golden owner";

-- A function whose default calls another that comes later by name.
CREATE FUNCTION public.zz_later() RETURNS integer LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION public.aa_sooner(x integer DEFAULT public.zz_later()) RETURNS integer LANGUAGE sql AS 'SELECT x';

-- Aggregates ----------------------------------------------------------------------------------------------------------

CREATE FUNCTION public.take_off(numeric, numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT $1 - $2';
CREATE AGGREGATE public.moving_total(numeric) (SFUNC = public.add_up, STYPE = numeric, SSPACE = 64, INITCOND = '0',
    MSFUNC = public.add_up, MINVFUNC = public.take_off, MSTYPE = numeric, MSSPACE = 32, MINITCOND = '0');
CREATE AGGREGATE public.how_many(*) (SFUNC = int8inc, STYPE = int8, INITCOND = '0', FINALFUNC = int8up, FINALFUNC_MODIFY = SHAREABLE);
CREATE AGGREGATE public.least_of(integer) (SFUNC = int4smaller, STYPE = integer, SORTOP = <, COMBINEFUNC = int4smaller, PARALLEL = RESTRICTED);
CREATE AGGREGATE public.my_rank(VARIADIC "any" ORDER BY VARIADIC "any")
    (SFUNC = ordered_set_transition_multi, STYPE = internal, FINALFUNC = rank_final, FINALFUNC_EXTRA, HYPOTHETICAL);
COMMENT ON AGGREGATE public.how_many(*) IS 'All of them';
COMMENT ON AGGREGATE public.my_rank(VARIADIC "any" ORDER BY VARIADIC "any") IS 'Where it would be';
ALTER AGGREGATE public.how_many(*) OWNER TO "golden owner";

-- Operators and their classes -----------------------------------------------------------------------------------------

CREATE OPERATOR public.!~! (RIGHTARG = integer, FUNCTION = int4um);
CREATE OPERATOR sales.=== (LEFTARG = integer, RIGHTARG = integer, FUNCTION = int4eq, COMMUTATOR = OPERATOR(sales.===), HASHES, MERGES);
CREATE OPERATOR FAMILY public."Loose members" USING btree;
ALTER OPERATOR FAMILY public."Loose members" USING btree ADD
    OPERATOR 1 <(bigint, integer), OPERATOR 3 =(bigint, integer), FUNCTION 1 (bigint, integer) btint84cmp(bigint, integer);
CREATE OPERATOR CLASS public.point_distance FOR TYPE point USING gist AS
    STORAGE box, OPERATOR 15 <-> (point, point) FOR ORDER BY float_ops,
    FUNCTION 1 gist_point_consistent(internal, point, smallint, oid, internal), FUNCTION 2 gist_box_union(internal, internal),
    FUNCTION 3 gist_point_compress(internal), FUNCTION 5 gist_box_penalty(internal, internal, internal),
    FUNCTION 6 gist_box_picksplit(internal, internal), FUNCTION 7 gist_box_same(box, box, internal),
    FUNCTION 8 gist_point_distance(internal, point, smallint, oid, internal);
CREATE OPERATOR CLASS public.nothing_inside FOR TYPE bigint USING btree FAMILY public."Loose members" AS STORAGE bigint;
COMMENT ON OPERATOR FAMILY public."Loose members" USING btree IS 'Loose';
COMMENT ON OPERATOR CLASS public.point_distance USING gist IS 'How far';
COMMENT ON OPERATOR public.!~! (NONE, integer) IS 'Turns it round';
ALTER OPERATOR CLASS public.point_distance USING gist OWNER TO "golden owner";
ALTER OPERATOR FAMILY public."Loose members" USING btree OWNER TO "golden owner";
ALTER OPERATOR sales.=== (integer, integer) OWNER TO "golden owner";

-- Casts, conversions, transforms, languages, access methods -----------------------------------------------------------

CREATE CAST (sales.mood AS sales."select") WITH INOUT;
CREATE DEFAULT CONVERSION public."Default conversion" FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
COMMENT ON CONVERSION public."Default conversion" IS 'Latin';
ALTER CONVERSION public."Default conversion" OWNER TO "golden owner";
CREATE FUNCTION public."My handler"() RETURNS language_handler LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_call_handler';
CREATE TRUSTED LANGUAGE "My Language" HANDLER public."My handler";
COMMENT ON LANGUAGE "My Language" IS 'Ours';
GRANT USAGE ON LANGUAGE "My Language" TO golden_reader;
REVOKE USAGE ON LANGUAGE "My Language" FROM PUBLIC;
ALTER LANGUAGE "My Language" OWNER TO "golden owner";
CREATE FUNCTION public.in_my_language() RETURNS integer LANGUAGE "My Language" AS 'BEGIN RETURN 1; END';
CREATE TRANSFORM FOR integer LANGUAGE sql (FROM SQL WITH FUNCTION prsd_lextype(internal), TO SQL WITH FUNCTION int4recv(internal));
COMMENT ON TRANSFORM FOR integer LANGUAGE sql IS 'Of no use';
CREATE ACCESS METHOD "Other heap" TYPE TABLE HANDLER heap_tableam_handler;
CREATE ACCESS METHOD other_gist TYPE INDEX HANDLER gisthandler;
COMMENT ON ACCESS METHOD other_gist IS 'gist again';

-- Text search ---------------------------------------------------------------------------------------------------------

CREATE TEXT SEARCH PARSER public."My parser" (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype, HEADLINE = prsd_headline);
CREATE TEXT SEARCH TEMPLATE public."My template" (INIT = dsimple_init, LEXIZE = dsimple_lexize);
CREATE TEXT SEARCH DICTIONARY public."My dictionary" (TEMPLATE = public."My template", StopWords = 'english');
CREATE TEXT SEARCH CONFIGURATION public."My configuration" (PARSER = public."My parser");
ALTER TEXT SEARCH CONFIGURATION public."My configuration" ADD MAPPING FOR word, "int" WITH public."My dictionary", simple;
COMMENT ON TEXT SEARCH PARSER public."My parser" IS 'Parses';
COMMENT ON TEXT SEARCH TEMPLATE public."My template" IS 'Lexes';
COMMENT ON TEXT SEARCH DICTIONARY public."My dictionary" IS 'Knows';
ALTER TEXT SEARCH DICTIONARY public."My dictionary" OWNER TO "golden owner";
ALTER TEXT SEARCH CONFIGURATION public."My configuration" OWNER TO "golden owner";

-- What only newer servers know ----------------------------------------------------------------------------------------

SELECT current_setting('server_version_num')::integer / 10000 AS major \gset
SELECT :major >= 14 AS is_14, :major >= 15 AS is_15, :major >= 16 AS is_16, :major >= 17 AS is_17 \gset
\if :is_14
CREATE PROCEDURE public.gives(IN a integer, OUT b integer, INOUT c text) LANGUAGE sql BEGIN ATOMIC SELECT a, 4::text; END;
CREATE FUNCTION public.returning_one() RETURNS integer LANGUAGE sql IMMUTABLE RETURN 1 + 0;
CREATE VIEW public.atomic_view AS SELECT 1 AS one;
CREATE FUNCTION public.of_atomic_view() RETURNS integer LANGUAGE sql BEGIN ATOMIC SELECT one FROM public.atomic_view; END;
CREATE OR REPLACE VIEW public.atomic_view AS SELECT public.of_atomic_view() AS one;
COMMENT ON PROCEDURE public.gives(integer, text) IS 'Gives';
GRANT EXECUTE ON PROCEDURE public.gives(IN a integer, OUT b integer, INOUT c text) TO golden_reader;
\endif
\if :is_15
CREATE FUNCTION public.merging() RETURNS void LANGUAGE sql BEGIN ATOMIC
    MERGE INTO public.comes_later AS t USING (VALUES (1), (2)) AS s (id) ON t.id = s.id
    WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (s.id);
END;
\endif
\if :is_17
CREATE FUNCTION public.merging_and_telling() RETURNS SETOF text LANGUAGE sql BEGIN ATOMIC
    MERGE INTO public.comes_later AS t USING (VALUES (1)) AS s (id) ON t.id = s.id
    WHEN NOT MATCHED BY SOURCE THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (s.id) RETURNING merge_action();
END;
CREATE DOMAIN public.named_not_null AS integer CONSTRAINT "is there" NOT NULL;
CREATE COLLATION public.built_in (provider = builtin, locale = 'C.UTF-8');
\endif
