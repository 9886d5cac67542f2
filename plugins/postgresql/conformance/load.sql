-- From balances to savings until the client is killed, each move a transaction.
SET client_connection_check_interval = '500ms';
DO $$
DECLARE chosen integer;
BEGIN
    LOOP
        chosen := 1 + floor(random() * 5000);
        UPDATE account SET balance = balance - 1 WHERE id = chosen;
        UPDATE saved SET amount = amount + 1 WHERE id = chosen;
        COMMIT;
    END LOOP;
END $$;
