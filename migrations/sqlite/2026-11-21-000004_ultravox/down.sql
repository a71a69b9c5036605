ALTER TABLE agencies DROP COLUMN telephony_configured;
