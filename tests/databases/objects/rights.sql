-- Owners, privileges, comments, large objects, and what reaches outside. For PostgreSQL 13 to 18; included by objects.sql.

SELECT current_setting('server_version_num')::integer / 10000 AS major \gset
SELECT :major >= 14 AS is_14, :major >= 15 AS is_15, :major >= 16 AS is_16, :major >= 17 AS is_17, :major >= 18 AS is_18 \gset

-- Granted by somebody who isn't the owner -----------------------------------------------------------------------------

GRANT USAGE ON SCHEMA audit TO golden_writer;
CREATE TABLE audit.passed_on (a integer, b integer);
ALTER TABLE audit.passed_on OWNER TO "golden owner";
GRANT SELECT, INSERT ON audit.passed_on TO golden_writer WITH GRANT OPTION;
GRANT UPDATE (b) ON audit.passed_on TO golden_writer WITH GRANT OPTION;
SET ROLE golden_writer;
GRANT SELECT ON audit.passed_on TO golden_reader;
GRANT UPDATE (b) ON audit.passed_on TO golden_reader, PUBLIC;
RESET ROLE;
GRANT ALL ON audit.passed_on TO golden_reader;
REVOKE ALL ON audit.passed_on FROM "golden owner";
GRANT SELECT (id), UPDATE (email) ON sales.rich TO golden_writer;
-- On columns, to whom the table itself was taken from.
CREATE TABLE audit.columns_only (a integer, b integer);
ALTER TABLE audit.columns_only OWNER TO "golden owner";
REVOKE SELECT, UPDATE ON audit.columns_only FROM "golden owner";
GRANT SELECT (a, ctid), UPDATE (b) ON audit.columns_only TO "golden owner";
GRANT ALL ON SCHEMA audit TO golden_reader;
GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO golden_writer;
GRANT USAGE ON FOREIGN DATA WRAPPER nothing_wrapper TO golden_reader WITH GRANT OPTION;
SET ROLE golden_reader;
GRANT USAGE ON FOREIGN DATA WRAPPER nothing_wrapper TO golden_writer;
RESET ROLE;
REVOKE USAGE ON TYPE public.shrunk FROM PUBLIC;
GRANT EXECUTE ON FUNCTION extensions.hstore_in(cstring) TO golden_reader;
REVOKE EXECUTE ON FUNCTION extensions.hstore_out(extensions.hstore) FROM PUBLIC;

-- On the server's own objects -----------------------------------------------------------------------------------------

REVOKE EXECUTE ON FUNCTION pg_catalog.pg_sleep(double precision) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pg_catalog.pg_sleep(double precision) TO golden_reader WITH GRANT OPTION;
SET ROLE golden_reader;
GRANT EXECUTE ON FUNCTION pg_catalog.pg_sleep(double precision) TO golden_writer;
RESET ROLE;
GRANT EXECUTE ON FUNCTION pg_catalog.pg_ls_logdir(), pg_catalog.percentile_disc(double precision, anyelement) TO golden_reader;
GRANT SELECT (rolname, tableoid) ON pg_catalog.pg_authid TO golden_reader;
REVOKE SELECT ON pg_catalog.pg_timezone_names FROM PUBLIC;
GRANT SELECT (name) ON pg_catalog.pg_timezone_names TO PUBLIC;
REVOKE USAGE ON TYPE pg_catalog.txid_snapshot FROM PUBLIC;
GRANT CREATE ON SCHEMA pg_catalog TO golden_writer;

-- Default privileges --------------------------------------------------------------------------------------------------

ALTER DEFAULT PRIVILEGES FOR ROLE golden_writer GRANT ALL ON TABLES TO golden_reader WITH GRANT OPTION;
ALTER DEFAULT PRIVILEGES FOR ROLE golden_writer IN SCHEMA audit GRANT USAGE ON SEQUENCES TO PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE golden_writer GRANT USAGE ON SCHEMAS TO golden_reader;
ALTER DEFAULT PRIVILEGES FOR ROLE golden_writer REVOKE USAGE ON TYPES FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE golden_writer REVOKE INSERT ON TABLES FROM golden_writer;
\if :is_18
ALTER DEFAULT PRIVILEGES FOR ROLE golden_writer GRANT SELECT ON LARGE OBJECTS TO golden_reader;
\endif

-- Large objects: one without anything in it, one with a hole ----------------------------------------------------------

SELECT lo_create(424243), lo_create(424244);
SELECT lo_put(424244, 1000000, '\x0102');
ALTER LARGE OBJECT 424243 OWNER TO "golden owner";
GRANT ALL ON LARGE OBJECT 424243 TO golden_writer WITH GRANT OPTION;

-- Comments on what an extension or initdb made ------------------------------------------------------------------------

COMMENT ON EXTENSION hstore IS 'Ours now';
COMMENT ON SCHEMA public IS 'Where everybody is';
COMMENT ON FOREIGN DATA WRAPPER nothing_wrapper IS 'For nothing';
COMMENT ON FOREIGN TABLE public.remote IS 'Far';
COMMENT ON COLUMN public.remote.name IS 'Its name';
COMMENT ON PUBLICATION chosen IS 'Some';
COMMENT ON SEQUENCE sales.invoice_number IS 'Five by five';

-- Elsewhere -----------------------------------------------------------------------------------------------------------

CREATE FOREIGN DATA WRAPPER "Handled wrapper" HANDLER extensions.postgres_fdw_handler VALIDATOR extensions.postgres_fdw_validator;
ALTER FOREIGN DATA WRAPPER "Handled wrapper" OWNER TO postgres;
CREATE SERVER "Odd ""server""" FOREIGN DATA WRAPPER "Handled wrapper" OPTIONS (host 'a''b\c');
ALTER SERVER "Odd ""server""" OWNER TO "golden owner";
CREATE USER MAPPING FOR golden_reader SERVER "Odd ""server""" OPTIONS ("user" 'x', password 'pass''word\');
CREATE USER MAPPING FOR "golden owner" SERVER "Odd ""server""";
CREATE FOREIGN TABLE sales.far_parent (a integer, CHECK (a > 0)) SERVER "Odd ""server""";
ALTER FOREIGN TABLE sales.far_parent ADD CONSTRAINT unproven CHECK (a < 100) NOT VALID;
CREATE FOREIGN TABLE sales.far_child (b text OPTIONS (column_name 'B') COLLATE "C") INHERITS (sales.far_parent) SERVER "Odd ""server""" OPTIONS (schema_name 'x', table_name 'it''s');
CREATE TABLE public.part_far (a integer, b integer) PARTITION BY LIST (a);
CREATE TABLE public.part_near_1 PARTITION OF public.part_far FOR VALUES IN (1);
CREATE FOREIGN TABLE public.part_far_2 PARTITION OF public.part_far FOR VALUES IN (2) SERVER "Odd ""server""";

CREATE SUBSCRIPTION "Odd ""subscription""" CONNECTION 'host=192.0.2.1 dbname=x user=y password=''it\''s secret''' PUBLICATION a, "B c"
    WITH (connect = false, slot_name = 'golden_slot', synchronous_commit = 'remote_apply');
CREATE SUBSCRIPTION without_slot CONNECTION 'host=192.0.2.1' PUBLICATION a WITH (connect = false, slot_name = NONE);
COMMENT ON SUBSCRIPTION without_slot IS 'Of what is there';
\if :is_14
CREATE SUBSCRIPTION streaming CONNECTION 'host=192.0.2.1' PUBLICATION a WITH (connect = false, slot_name = 's', binary = true, streaming = on);
\endif
\if :is_15
CREATE SUBSCRIPTION two_phases CONNECTION 'host=192.0.2.1' PUBLICATION a WITH (connect = false, slot_name = 's', two_phase = true, disable_on_error = true);
\endif
\if :is_16
CREATE SUBSCRIPTION careful CONNECTION 'host=192.0.2.1' PUBLICATION a
    WITH (connect = false, slot_name = 's', streaming = parallel, password_required = false, run_as_owner = true, origin = none);
\endif
\if :is_17
CREATE SUBSCRIPTION failing_over CONNECTION 'host=192.0.2.1' PUBLICATION a WITH (connect = false, slot_name = 's', failover = true);
\endif
CREATE PUBLICATION cut_only FOR TABLE public.ranges WITH (publish = 'truncate, delete', publish_via_partition_root = true);
ALTER PUBLICATION cut_only OWNER TO "golden owner";
\if :is_18
CREATE PUBLICATION with_generated FOR TABLE public.made WITH (publish_generated_columns = stored);
\endif

-- Event triggers ------------------------------------------------------------------------------------------------------

CREATE FUNCTION public.on_dropping() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN NULL; END';
CREATE EVENT TRIGGER "On ""dropping""" ON sql_drop EXECUTE FUNCTION public.on_dropping();
ALTER EVENT TRIGGER "On ""dropping""" ENABLE REPLICA;
CREATE EVENT TRIGGER rewriting ON table_rewrite EXECUTE FUNCTION public.on_dropping();
\if :is_17
-- It mustn't see whoever builds the copy.
CREATE FUNCTION public.on_login() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
    -- What a verification restored is whole, and is read.
    IF current_database() LIKE '%\_\_cofferdam\_%' AND current_database() NOT LIKE 'verify\_\_%' THEN RAISE EXCEPTION 'no login to what isn''t whole yet'; END IF;
END
$$;
CREATE EVENT TRIGGER at_login ON login EXECUTE FUNCTION public.on_login();
ALTER EVENT TRIGGER at_login ENABLE ALWAYS;
\endif
