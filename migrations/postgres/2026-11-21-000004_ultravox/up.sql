-- Set once the agency's carrier has been imported into its Ultravox account.
ALTER TABLE callboard.agencies ADD COLUMN telephony_configured BOOLEAN NOT NULL DEFAULT FALSE;
