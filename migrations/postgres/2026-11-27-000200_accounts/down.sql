DROP TABLE callboard.sign_in_attempts;
DROP TABLE callboard.recovery_codes;
DROP TABLE callboard.account_factors;
DROP TABLE callboard.account_links;
DROP TABLE callboard.refresh_tokens;
DROP TABLE callboard.sessions;
DROP TABLE callboard.signing_keys;
DROP TABLE callboard.accounts;
