DROP TABLE callboard.agency_keys;
