ALTER TABLE callboard.call_events DROP COLUMN subject_id;
ALTER TABLE callboard.call_events DROP COLUMN subject_kind;
