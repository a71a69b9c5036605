-- What an event is of: a call so far. Nothing stands here in rows of before, and in those of nodes of
-- the release before this one; they are of the call that call_id names.
ALTER TABLE call_events ADD COLUMN subject_kind TEXT;
ALTER TABLE call_events ADD COLUMN subject_id TEXT;
