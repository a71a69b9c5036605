ALTER TABLE inbound_calls DROP COLUMN participants;
