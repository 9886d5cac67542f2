-- The unusual: names that need quoting, nothing where something is expected, values that look like something else.
CREATE TABLE `quoted `` 'name' "ü"` (id INT PRIMARY KEY, `a,b` TEXT, `SELECT` INT DEFAULT 1);
INSERT INTO `quoted `` 'name' "ü"` VALUES (1, '\\N', NULL), (2, NULL, 0), (3, '', -1), (4, '\t\n\\.\r\0', 2), (5, '📚', 3);
CREATE TABLE empty (id INT PRIMARY KEY) COMMENT 'it''s; -- empty';
CREATE TABLE twice (same VARCHAR(10));
INSERT INTO twice VALUES ('same'), ('same'), (NULL), (NULL);
CREATE TABLE extreme (id INT PRIMARY KEY, bits BIT(13), bytes VARBINARY(300), at DATETIME(6), big BIGINT UNSIGNED, word ENUM('', 'x'), places DECIMAL(65, 30));
INSERT INTO extreme VALUES (1, b'1000000000001', x'00FF5C27', '9999-12-31 23:59:59.999999', 18446744073709551615, 'x', 0.000000000000000000000000000001),
    (2, 0, '', '1000-01-01 00:00:00', 0, '', -12345678901234567890123456789012345), (3, NULL, NULL, NULL, NULL, NULL, NULL);
CREATE TABLE wide (id INT PRIMARY KEY, long_text LONGTEXT);
INSERT INTO wide VALUES (1, REPEAT('x', 3000000)), (2, REPEAT('y', 300000));
CREATE TABLE made (a INT, b INT AS (a * 2) STORED, c INT AUTO_INCREMENT PRIMARY KEY);
INSERT INTO made (a) VALUES (1), (NULL);
CREATE VIEW `view of "all"` AS SELECT * FROM `quoted `` 'name' "ü"`;
