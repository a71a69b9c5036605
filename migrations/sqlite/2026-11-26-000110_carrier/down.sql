ALTER TABLE call_legs DROP COLUMN carrier;
ALTER TABLE inbound_calls DROP COLUMN carrier;
ALTER TABLE webhook_events DROP COLUMN carrier;
ALTER TABLE errands DROP COLUMN carrier;
