ALTER TABLE callboard.agencies DROP COLUMN telephony_configured;
