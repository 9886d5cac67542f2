-- The usual: tables with keys, a view, a trigger, a procedure. The procedure is the load, too: it moves from balances to
-- savings, each move a transaction, until its database goes.
CREATE TABLE account (id INT PRIMARY KEY, owner VARCHAR(50) NOT NULL, balance BIGINT NOT NULL CHECK (balance >= 0), KEY (owner));
CREATE TABLE saved (id INT PRIMARY KEY, amount BIGINT NOT NULL, FOREIGN KEY (id) REFERENCES account (id));
CREATE VIEW rich AS SELECT id, owner FROM account WHERE balance > 1000000;
CREATE TRIGGER calm BEFORE UPDATE ON account FOR EACH ROW SET NEW.owner = OLD.owner;
DELIMITER //
CREATE PROCEDURE save_without_end()
BEGIN
    DECLARE chosen INT;
    LOOP
        SET chosen = 1 + FLOOR(RAND() * 5000);
        START TRANSACTION;
        UPDATE account SET balance = balance - 1 WHERE id = chosen;
        UPDATE saved SET amount = amount + 1 WHERE id = chosen;
        COMMIT;
    END LOOP;
END//
DELIMITER ;
SET @n = 0;
INSERT INTO account SELECT @n := @n + 1, CONCAT('owner ', @n % 100), 1000000 + @n
    FROM information_schema.COLLATION_CHARACTER_SET_APPLICABILITY a, information_schema.COLLATION_CHARACTER_SET_APPLICABILITY b
    LIMIT 5000;
INSERT INTO saved SELECT id, 0 FROM account ORDER BY id;
