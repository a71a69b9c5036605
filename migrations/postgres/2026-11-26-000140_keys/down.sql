-- Refused where two carriers' rows share a name.
LOCK TABLE callboard.agency_heads IN EXCLUSIVE MODE;
ALTER TABLE callboard.inbound_calls
  DROP CONSTRAINT inbound_calls_agency_id_call_control_id_carrier_key,
  ADD UNIQUE (agency_id, call_control_id);
ALTER TABLE callboard.call_legs
  DROP CONSTRAINT call_legs_pkey,
  ADD CONSTRAINT call_legs_pkey PRIMARY KEY USING INDEX call_legs_of_one_carrier;
ALTER TABLE callboard.webhook_events
  DROP CONSTRAINT webhook_events_pkey, ADD PRIMARY KEY (agency_id, webhook_id);
DROP INDEX callboard.idx_webhook_events_failed;
CREATE INDEX idx_webhook_events_failed ON callboard.webhook_events (agency_id, webhook_id)
  WHERE outcome = 'failed';
ALTER TABLE callboard.call_logs
  DROP CONSTRAINT call_logs_agency_id_call_sid_carrier_key, ADD UNIQUE (agency_id, call_sid);
ALTER TABLE callboard.call_logs DROP COLUMN carrier;
ALTER TABLE callboard.errands
  DROP CONSTRAINT errands_pkey,
  ADD CONSTRAINT errands_pkey PRIMARY KEY USING INDEX errands_of_one_carrier;
