-- One of everything that mysqldump carries out of a MariaDB database, with names and values that are easily broken.
SET NAMES utf8mb4;
SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO';
SET time_zone = '+00:00';

-- Every type of column, at its ends.
CREATE TABLE numbers (
    id int NOT NULL AUTO_INCREMENT COMMENT 'it''s; a "comment"\n, (with) `all`',
    tiny tinyint, tiny_u tinyint unsigned, small smallint, medium mediumint unsigned, big bigint, big_u bigint unsigned zerofill,
    exact decimal(65,30), money decimal(12,2) DEFAULT 0.00,
    single float, double_ double, narrow float(7,3),
    bits bit(64), bit_ bit(1) DEFAULT b'1', truth boolean DEFAULT true, year_ year,
    PRIMARY KEY (id), KEY descending (big DESC, tiny), UNIQUE KEY several (small, medium)
) ENGINE=InnoDB AUTO_INCREMENT=1000 COMMENT='numbers; ''all'' of them';
INSERT INTO numbers VALUES
    (0, -128, 255, -32768, 16777215, -9223372036854775808, 18446744073709551615, 12345678901234567890123456789012345.123456789012345678901234567890, -1.5,
        1.17549e-38, 2.2250738585072014e-308, 1234.567, b'1111111111111111111111111111111111111111111111111111111111111111', b'0', false, 1901),
    (1, 127, 0, 32767, 0, 9223372036854775807, 0, -0.000000000000000000000000000001, 9999999999.99,
        3.4028234e38, 1.7976931348623157e308, -0.001, b'0', b'1', true, 2155),
    (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0.1, -0e0, NULL, b'1010', NULL, NULL, 0000),
    (-3, 0, 0, 0, 1, 0, 7, 0, 0, 16777217, 0.1, 0, b'1000000000000000', b'1', 2, 2000);

CREATE TABLE texts (
    id int PRIMARY KEY,
    fixed char(10), varied varchar(200), tiny tinytext, text_ text, medium mediumtext, long_ longtext,
    latin varchar(50) CHARACTER SET latin1 COLLATE latin1_german2_ci, wide varchar(50) CHARACTER SET ucs2,
    japanese varchar(50) CHARACTER SET sjis, exact varchar(50) COLLATE utf8mb4_bin DEFAULT 'a''b\\c',
    fixed_bytes binary(8), bytes varbinary(300), tiny_blob tinyblob, blob_ blob, medium_blob mediumblob, long_blob longblob,
    choice enum('a','it''s','ü','') DEFAULT 'a', choices set('x','y','ü'' '), object json,
    KEY prefix (text_(10), varied(5)), KEY reversed (varied DESC), FULLTEXT KEY words (text_), FULLTEXT KEY more (varied, long_)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
INSERT INTO texts VALUES
    (1, 'abc  ', 'tab\tline\nreturn\rnul\0ctrl\Zquote''"`\\ end', '', 'ünïcödé 日本語 😀', 'NULL', '\\N', 'äöüß€', 'ä日本', '表ソ能', 'A',
        'a\0b', x'00ff0a0d1a275c22', '', x'deadbeef', '\n', x'e4f6fc', 'it''s', 'x,y', '{"a": [1, 2.50, "ü\\n"], "b": null}'),
    (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (3, '', '', ' ', '\n', '(1),(2)', ''');--', x'8081ff', '', '', '', '', '', '', '', '', '', '', '', '[]'),
    (4, 'x', REPEAT('ä', 200), 't', REPEAT('word ', 5000), REPEAT('m', 70000), REPEAT('l', 300000), 'l', 'w', 'j', 'e', 'f', 'b', 't', 'b', 'm', 'l', 'ü', 'x,ü'' ', '{}');
-- A value that isn't in the list, as servers without strict mode took it.
INSERT IGNORE INTO texts (id, choice, object) VALUES (5, 'not in the list', 'null');

CREATE TABLE times (
    id int PRIMARY KEY, day date, moment datetime(6), coarse datetime, stamp timestamp(6) NULL, changed timestamp NOT NULL DEFAULT current_timestamp() ON UPDATE current_timestamp(),
    duration time(6), made datetime(3) DEFAULT current_timestamp(3)
);
INSERT INTO times VALUES
    (1, '0000-00-00', '0000-00-00 00:00:00', '2024-02-30 00:00:00' + INTERVAL 0 DAY, '1970-01-01 00:00:01.000001', '2038-01-19 03:14:07', '-838:59:59.999999', '9999-12-31 23:59:59.999'),
    (2, '9999-12-31', '2024-02-29 23:59:59.999999', '1000-01-01', '2024-03-31 02:30:00', '0000-00-00 00:00:00', '838:59:59', NULL),
    (3, '2024-00-00', NULL, NULL, NULL, '2024-10-27 00:30:00', '00:00:00.000001', '2024-01-01');

CREATE TABLE shapes (
    id int PRIMARY KEY, place point NOT NULL, any_ geometry, path linestring, area polygon, places multipoint, all_ geometrycollection,
    SPATIAL KEY where_ (place)
) ENGINE=InnoDB;
INSERT INTO shapes VALUES (1, POINT(1.5, -2), ST_GeomFromText('POINT(0 0)', 4326), ST_GeomFromText('LINESTRING(0 0,1 1)'),
    ST_GeomFromText('POLYGON((0 0,4 0,4 4,0 0))'), ST_GeomFromText('MULTIPOINT(1 1,2 2)'), ST_GeomFromText('GEOMETRYCOLLECTION(POINT(1 1))')),
    (2, POINT(0, 0), NULL, NULL, NULL, NULL, NULL);

CREATE TABLE addresses (id uuid PRIMARY KEY DEFAULT uuid(), v4 inet4, v6 inet6);
INSERT INTO addresses VALUES ('0a0b0c0d-0001-1000-8000-aabbccddeeff', '192.168.0.1', '2001:db8::ff'), ('00000000-0000-0000-0000-000000000000', NULL, '::');

-- Columns that are computed, hidden or checked; rows that a check of today wouldn't take.
CREATE TABLE computed (
    a int, b varchar(20) INVISIBLE DEFAULT 'hid''den', doubled int GENERATED ALWAYS AS (a * 2) VIRTUAL, kept varchar(40) GENERATED ALWAYS AS (concat(b, ',', a)) STORED,
    `select` int DEFAULT (1 + 1), CONSTRAINT positive CHECK (a > 0), CHECK (b <> 'never'), KEY on_virtual (doubled), UNIQUE KEY on_stored (kept)
);
INSERT INTO computed (a, b) VALUES (1, 'x'), (2, NULL);
SET check_constraint_checks = 0;
INSERT INTO computed (a, b) VALUES (-1, 'y');
SET check_constraint_checks = 1;

-- Names that have to be quoted, and lots of rows that look alike.
CREATE TABLE `we``ird "name" with,(all) 'of' it/ä` (`co``l` int, `b,(c)` text COMMENT 'KEY `x` (`y`),', KEY `k``ey` (`co``l`));
INSERT INTO `we``ird "name" with,(all) 'of' it/ä` VALUES (1, 'one'), (1, 'one'), (1, 'one'), (NULL, NULL);
CREATE TABLE `UPPER` (id int); INSERT INTO `UPPER` VALUES (1);
CREATE TABLE empty (id int);
CREATE TABLE counter_second (a int NOT NULL, n int NOT NULL AUTO_INCREMENT, PRIMARY KEY (a), KEY n (n), KEY other (a, n)) AUTO_INCREMENT=77;
INSERT INTO counter_second VALUES (5, 1), (6, 50);

-- Storage.
CREATE TABLE compressed (id int PRIMARY KEY, t text) ENGINE=InnoDB ROW_FORMAT=COMPRESSED KEY_BLOCK_SIZE=8;
INSERT INTO compressed VALUES (1, 'x');
CREATE TABLE isam (id int PRIMARY KEY AUTO_INCREMENT, t varchar(10), FULLTEXT KEY (t)) ENGINE=MyISAM; INSERT INTO isam (t) VALUES ('a'), ('b');
CREATE TABLE aria (id int, KEY (id)) ENGINE=Aria TRANSACTIONAL=1; INSERT INTO aria VALUES (1), (1);
CREATE TABLE in_memory (id int PRIMARY KEY, KEY h (id) USING HASH) ENGINE=MEMORY; INSERT INTO in_memory VALUES (3);
CREATE TABLE part_one (id int NOT NULL, KEY (id)) ENGINE=MyISAM; INSERT INTO part_one VALUES (1);
CREATE TABLE part_two LIKE part_one; INSERT INTO part_two VALUES (2);
CREATE TABLE merged (id int NOT NULL, KEY (id)) ENGINE=MERGE UNION=(part_one, part_two) INSERT_METHOD=LAST;

-- Partitions.
CREATE TABLE by_range (id int NOT NULL, y int NOT NULL, PRIMARY KEY (id, y), KEY y (y)) PARTITION BY RANGE (y) SUBPARTITION BY HASH (id) SUBPARTITIONS 2
    (PARTITION early VALUES LESS THAN (2000) COMMENT = 'it''s old', PARTITION late VALUES LESS THAN MAXVALUE);
INSERT INTO by_range VALUES (1, 1999), (2, 2024);
CREATE TABLE by_list (c varchar(5)) PARTITION BY LIST COLUMNS (c) (PARTITION a VALUES IN ('a', 'it''s'), PARTITION rest DEFAULT);
INSERT INTO by_list VALUES ('a'), ('z');

-- Sequences, and what takes numbers from them.
CREATE SEQUENCE numbers_of_orders START 100 INCREMENT 5 MAXVALUE 100000 CYCLE CACHE 10;
SELECT NEXTVAL(numbers_of_orders);
CREATE SEQUENCE unused NOCACHE;
CREATE SEQUENCE used_up MAXVALUE 2 NOCACHE; SELECT NEXTVAL(used_up), NEXTVAL(used_up);
CREATE TABLE from_sequence (id bigint NOT NULL DEFAULT NEXTVAL(numbers_of_orders) COMMENT 'next', n int DEFAULT (NEXTVAL(unused) + 1), PRIMARY KEY (id));
INSERT INTO from_sequence VALUES (1, 1);

-- History.
CREATE TABLE versioned (id int PRIMARY KEY, v varchar(10), UNIQUE KEY (v)) WITH SYSTEM VERSIONING;
INSERT INTO versioned VALUES (1, 'one'), (2, 'two'); UPDATE versioned SET v = 'uno' WHERE id = 1; DELETE FROM versioned WHERE id = 2;
CREATE TABLE named_period (id int, v int, begins timestamp(6) GENERATED ALWAYS AS ROW START INVISIBLE, ends timestamp(6) GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (begins, ends), KEY (v)) WITH SYSTEM VERSIONING
    PARTITION BY SYSTEM_TIME (PARTITION past HISTORY, PARTITION present CURRENT);
INSERT INTO named_period (id, v) VALUES (1, 1); UPDATE named_period SET v = 2;
CREATE TABLE bookings (room int, begins date, ends date, PERIOD FOR stay (begins, ends), UNIQUE KEY (room, stay WITHOUT OVERLAPS));
INSERT INTO bookings VALUES (1, '2024-01-01', '2024-01-05'), (1, '2024-01-05', '2024-01-09');

-- Foreign keys in a circle and to themselves.
CREATE TABLE hen (id int PRIMARY KEY, egg int, KEY egg (egg));
CREATE TABLE egg (id int PRIMARY KEY, hen int, CONSTRAINT `laid by` FOREIGN KEY (hen) REFERENCES hen (id) ON DELETE CASCADE ON UPDATE SET NULL);
ALTER TABLE hen ADD CONSTRAINT hatched FOREIGN KEY (egg) REFERENCES egg (id);
CREATE TABLE tree (id int PRIMARY KEY, parent int, FOREIGN KEY (parent) REFERENCES tree (id));
INSERT INTO hen VALUES (1, NULL); INSERT INTO egg VALUES (1, 1); UPDATE hen SET egg = 1;
INSERT INTO tree VALUES (1, NULL), (2, 1);

-- Routines in several modes and character sets.
DELIMITER //
CREATE FUNCTION plus_one(a int) RETURNS int DETERMINISTIC COMMENT 'it''s' RETURN a + 1//
CREATE PROCEDURE `pro``c`(IN a int, OUT b varchar(20) CHARACTER SET latin1) MODIFIES SQL DATA SQL SECURITY INVOKER
BEGIN -- a comment; with a semicolon
    DECLARE CONTINUE HANDLER FOR SQLEXCEPTION SET b = 'failed';
    INSERT INTO empty VALUES (a); DELETE FROM empty; SET b = 'ünï';
END//
SET sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT'//
CREATE FUNCTION joined(a varchar(10), b varchar(10)) RETURNS varchar(20) NO SQL RETURN a || b || 'ä'//
SET sql_mode = 'ORACLE'//
CREATE PACKAGE tools AS FUNCTION twice(a int) RETURN int; PROCEDURE nothing; END//
CREATE PACKAGE BODY tools AS
    FUNCTION twice(a int) RETURN int AS BEGIN RETURN a * 2; END;
    PROCEDURE nothing AS BEGIN NULL; END;
END//
SET sql_mode = 'NO_BACKSLASH_ESCAPES'//
CREATE FUNCTION backslash() RETURNS varchar(10) NO SQL RETURN '\'//
SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO'//
CREATE AGGREGATE FUNCTION total(x int) RETURNS int
BEGIN DECLARE s int DEFAULT 0; DECLARE CONTINUE HANDLER FOR NOT FOUND RETURN s; LOOP FETCH GROUP NEXT ROW; SET s = s + x; END LOOP; END//

-- Triggers that fire in an order that isn't that of their names.
CREATE TRIGGER z_first BEFORE INSERT ON hen FOR EACH ROW SET @order = 'z'//
CREATE TRIGGER a_second BEFORE INSERT ON hen FOR EACH ROW FOLLOWS z_first SET @order = concat(@order, 'a')//
CREATE TRIGGER m_between BEFORE INSERT ON hen FOR EACH ROW PRECEDES a_second SET @order = concat(@order, 'm')//
create trigger /* lower */ `up``dated` after update on hen for each row begin declare x int; set x = 1; end//

-- Events: one in another time zone, one that is off.
SET time_zone = '+05:30'//
CREATE EVENT hourly ON SCHEDULE EVERY 1 HOUR STARTS '2030-01-01 00:00:00' ON COMPLETION PRESERVE COMMENT 'PRESERVE ENABLE' DO DELETE FROM empty WHERE id = 0//
CREATE EVENT off ON SCHEDULE AT '2030-01-01 00:00:00' DISABLE DO BEGIN SELECT 'ON COMPLETION PRESERVE ENABLE'; END//
SET time_zone = '+00:00'//
DELIMITER ;

-- Views that need each other, against the order of their names.
CREATE VIEW z_base AS SELECT id, plus_one(id) AS next FROM hen WITH CASCADED CHECK OPTION;
CREATE SQL SECURITY INVOKER VIEW a_top AS SELECT z.id, e.hen FROM z_base z JOIN egg e ON e.hen = z.id WHERE z.id <> 'ä''x';
CREATE ALGORITHM=TEMPTABLE VIEW m_middle (`one``two`) AS SELECT max(next) FROM a_top JOIN z_base USING (id);
