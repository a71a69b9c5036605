ALTER TABLE callboard.call_legs DROP COLUMN carrier;
ALTER TABLE callboard.inbound_calls DROP COLUMN carrier;
ALTER TABLE callboard.webhook_events DROP COLUMN carrier;
ALTER TABLE callboard.errands DROP COLUMN carrier;
