-- The carrier is part of every key that holds a carrier's name for something: two carriers may give the
-- same name to two legs, calls or webhooks, and each goes its own way. It stands last in each key, so
-- that the previous release, which knows a leg by agency and name alone, finds it by the same index.
--
-- That release's upserts of legs and errands name the columns of the old keys, so a unique index of
-- those stays beside the new one (`..._of_one_carrier`) while such nodes may serve. The next release
-- drops both and raises the floor to this migration: see "Words of tomorrow" in ARCHITECTURE.md.
--
-- Nothing is written meanwhile: whoever writes begins with an agency's head. The indexes are built
-- while others read, and the keys are swapped at the end, which takes a moment. Tables come in the order
-- in which readers take them, so that no two wait for each other.
SET LOCAL client_min_messages = warning;
LOCK TABLE callboard.agency_heads IN EXCLUSIVE MODE;
CREATE UNIQUE INDEX inbound_calls_keyed ON callboard.inbound_calls (agency_id, call_control_id, carrier);
CREATE UNIQUE INDEX call_legs_keyed ON callboard.call_legs (agency_id, call_control_id, carrier);
CREATE UNIQUE INDEX call_legs_of_one_carrier ON callboard.call_legs (agency_id, call_control_id);
CREATE UNIQUE INDEX webhook_events_keyed ON callboard.webhook_events (agency_id, webhook_id, carrier);
CREATE INDEX webhook_events_failed ON callboard.webhook_events (agency_id, webhook_id, carrier)
  WHERE outcome = 'failed';
ALTER TABLE callboard.call_logs ADD COLUMN carrier TEXT NOT NULL DEFAULT 'telnyx';
CREATE UNIQUE INDEX call_logs_keyed ON callboard.call_logs (agency_id, call_sid, carrier);

ALTER TABLE callboard.inbound_calls
  DROP CONSTRAINT inbound_calls_agency_id_call_control_id_key,
  ADD CONSTRAINT inbound_calls_agency_id_call_control_id_carrier_key
    UNIQUE USING INDEX inbound_calls_keyed;
ALTER TABLE callboard.call_legs
  DROP CONSTRAINT call_legs_pkey,
  ADD CONSTRAINT call_legs_pkey PRIMARY KEY USING INDEX call_legs_keyed;
ALTER TABLE callboard.webhook_events
  DROP CONSTRAINT webhook_events_pkey,
  ADD CONSTRAINT webhook_events_pkey PRIMARY KEY USING INDEX webhook_events_keyed;
-- The order of pages of those that failed.
DROP INDEX callboard.idx_webhook_events_failed;
ALTER INDEX callboard.webhook_events_failed RENAME TO idx_webhook_events_failed;
ALTER TABLE callboard.call_logs
  DROP CONSTRAINT call_logs_agency_id_call_sid_key,
  ADD CONSTRAINT call_logs_agency_id_call_sid_carrier_key UNIQUE USING INDEX call_logs_keyed;
-- Whoever takes up errands reads them before it writes them: this lock is taken at once or not at all.
ALTER TABLE callboard.errands
  DROP CONSTRAINT errands_pkey,
  ADD CONSTRAINT errands_pkey PRIMARY KEY (agency_id, kind, subject, carrier);
CREATE UNIQUE INDEX errands_of_one_carrier ON callboard.errands (agency_id, kind, subject);
