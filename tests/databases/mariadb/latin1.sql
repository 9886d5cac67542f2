-- Programs in the character set of a client of long ago. This file is UTF-8 and its text is taken for latin1, so that
-- every letter beyond ASCII is two there.
SET NAMES latin1;
DELIMITER //
CREATE FUNCTION umlaut() RETURNS varchar(20) CHARSET latin1 NO SQL RETURN 'äöü'//
CREATE PROCEDURE `prozedür`() SELECT 'ß' AS `größe`//
CREATE TRIGGER umlaute BEFORE INSERT ON texts FOR EACH ROW SET NEW.latin = 'é'//
CREATE EVENT jaehrlich ON SCHEDULE EVERY 1 YEAR STARTS '2037-01-01' DO DELETE FROM empty WHERE 'ä' = 'ö'//
DELIMITER ;
CREATE VIEW umlauts AS SELECT 'äöü' AS `ä`, latin FROM texts WHERE latin <> 'ü';
