DROP TABLE callboard.errands;
ALTER TABLE callboard.claims DROP COLUMN command_accepted;
ALTER TABLE callboard.claims DROP COLUMN command_n;
ALTER TABLE callboard.claims DROP COLUMN command;
ALTER TABLE callboard.claims DROP COLUMN deadline_at;
