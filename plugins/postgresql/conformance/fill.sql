-- The usual: tables with keys, a view, a function, a trigger, a sequence.
CREATE TABLE account (id integer PRIMARY KEY, owner text NOT NULL, balance bigint NOT NULL CHECK (balance >= 0));
CREATE TABLE saved (id integer PRIMARY KEY REFERENCES account, amount bigint NOT NULL);
CREATE INDEX ON account (owner);
CREATE VIEW rich AS SELECT id, owner FROM account WHERE balance > 1000000;
CREATE FUNCTION calm() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
CREATE TRIGGER calm BEFORE UPDATE ON account FOR EACH ROW EXECUTE FUNCTION calm();
CREATE SEQUENCE visit START 100;
INSERT INTO account SELECT i, 'owner ' || i % 100, 1000000 + i FROM generate_series(1, 5000) i;
INSERT INTO saved SELECT i, 0 FROM generate_series(1, 5000) i;
SELECT nextval('visit') \gset
