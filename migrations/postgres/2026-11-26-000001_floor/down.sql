DROP INDEX callboard.idx_webhook_events_failed;
DROP TABLE callboard.schema_floor;
