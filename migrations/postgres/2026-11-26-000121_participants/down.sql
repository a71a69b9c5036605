ALTER TABLE callboard.inbound_calls DROP COLUMN participants;
