DROP TABLE agency_keys;
