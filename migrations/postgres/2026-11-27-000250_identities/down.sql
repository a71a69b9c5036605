DROP TABLE callboard.sign_in_codes;
DROP TABLE callboard.identities;
