DROP INDEX callboard.idx_commands_of_no_claim;
DROP TABLE callboard.leases;
