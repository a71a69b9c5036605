DROP TABLE sign_in_attempts;
DROP TABLE recovery_codes;
DROP TABLE account_factors;
DROP TABLE account_links;
DROP TABLE refresh_tokens;
DROP TABLE sessions;
DROP TABLE signing_keys;
DROP TABLE accounts;
