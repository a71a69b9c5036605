ALTER TABLE agencies DROP COLUMN mask_numbers_for;
