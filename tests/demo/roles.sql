-- Roles belong to a server, not to a database: each server has to have them before a restore can hand things to them.
CREATE ROLE demo_clerk;
