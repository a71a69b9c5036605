DROP INDEX idx_webhook_events_failed;
DROP TABLE schema_floor;
