DROP INDEX idx_commands_of_no_claim;
DROP TABLE leases;
