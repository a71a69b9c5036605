DROP TABLE errands;
ALTER TABLE claims DROP COLUMN command_accepted;
ALTER TABLE claims DROP COLUMN command_n;
ALTER TABLE claims DROP COLUMN command;
ALTER TABLE claims DROP COLUMN deadline_at;
