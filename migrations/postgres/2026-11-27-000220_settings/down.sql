ALTER TABLE callboard.agencies DROP COLUMN numbers;
ALTER TABLE callboard.agencies DROP COLUMN away_reasons;
ALTER TABLE callboard.agencies DROP COLUMN wrap_up_s;
ALTER TABLE callboard.agencies DROP COLUMN service_level_s;
ALTER TABLE callboard.agencies DROP COLUMN ring_s;
ALTER TABLE callboard.agencies DROP COLUMN time_zone;
