DROP TABLE sign_in_codes;
DROP TABLE identities;
