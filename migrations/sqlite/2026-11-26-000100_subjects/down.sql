ALTER TABLE call_events DROP COLUMN subject_id;
ALTER TABLE call_events DROP COLUMN subject_kind;
