-- The oldest program that can serve this schema, by the latest migration that it must know. Empty:
-- any that has come this far. A release that begins to use what older ones cannot read raises it,
-- once no older one is left.
CREATE TABLE schema_floor (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  floor TEXT NOT NULL
);
INSERT INTO schema_floor (id, floor) VALUES (1, '');

-- Webhooks that are kept raw until they can be applied.
CREATE INDEX idx_webhook_events_failed ON webhook_events (agency_id, webhook_id)
  WHERE outcome = 'failed';
