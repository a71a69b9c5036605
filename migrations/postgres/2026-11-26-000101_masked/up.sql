-- For which roles an agency masks callers' numbers: their names, with commas. Nodes of the release
-- before this one mask none.
ALTER TABLE callboard.agencies ADD COLUMN mask_numbers_for TEXT NOT NULL DEFAULT '';
