ALTER TABLE agencies DROP COLUMN numbers;
ALTER TABLE agencies DROP COLUMN away_reasons;
ALTER TABLE agencies DROP COLUMN wrap_up_s;
ALTER TABLE agencies DROP COLUMN service_level_s;
ALTER TABLE agencies DROP COLUMN ring_s;
ALTER TABLE agencies DROP COLUMN time_zone;
