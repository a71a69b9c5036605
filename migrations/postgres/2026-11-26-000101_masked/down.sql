ALTER TABLE callboard.agencies DROP COLUMN mask_numbers_for;
