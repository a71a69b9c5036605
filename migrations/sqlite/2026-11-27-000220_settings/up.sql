-- How an agency works: its time zone, how long phones ring, which wait it promises, how long an agent has
-- after a call, why somebody may be away, and what it calls its numbers. Nodes of the release before this
-- one go by the defaults.
ALTER TABLE agencies ADD COLUMN time_zone TEXT NOT NULL DEFAULT 'UTC';
ALTER TABLE agencies ADD COLUMN ring_s INTEGER NOT NULL DEFAULT 25;
ALTER TABLE agencies ADD COLUMN service_level_s INTEGER NOT NULL DEFAULT 20;
ALTER TABLE agencies ADD COLUMN wrap_up_s INTEGER NOT NULL DEFAULT 0;
ALTER TABLE agencies ADD COLUMN away_reasons TEXT NOT NULL DEFAULT '["break","lunch","meeting"]';
ALTER TABLE agencies ADD COLUMN numbers TEXT NOT NULL DEFAULT '{}';
