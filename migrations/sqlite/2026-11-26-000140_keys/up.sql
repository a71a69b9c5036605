-- The carrier is part of every key that holds a carrier's name for something: two carriers may give the
-- same name to two legs, calls or webhooks, and each goes its own way. It stands last in each key, so
-- that the previous release, which knows a leg by agency and name alone, finds it by the same index.
--
-- That release's upserts of legs and errands name the columns of the old keys, so a unique index of
-- those stays beside the new one (`..._of_one_carrier`) while such nodes may serve. The next release
-- drops both and raises the floor to this migration: see "Words of tomorrow" in ARCHITECTURE.md.
--
-- SQLite cannot change a key, so the tables are made anew, with all that was on them.
-- A table that is renamed must leave no view behind that names it.
DROP VIEW legs_readable;
DROP VIEW webhooks_readable;
DROP VIEW call_logs_readable;

CREATE TABLE call_legs_keyed (
  agency_id TEXT NOT NULL REFERENCES agencies(id),
  call_control_id TEXT NOT NULL,
  call_session_id TEXT,
  call_leg_id TEXT,
  claim_id TEXT,
  facts TEXT NOT NULL,
  updated_at BIGINT NOT NULL,
  carrier TEXT NOT NULL DEFAULT 'telnyx',
  PRIMARY KEY (agency_id, call_control_id, carrier)
);
INSERT INTO call_legs_keyed (
  agency_id, call_control_id, call_session_id, call_leg_id, claim_id, facts, updated_at, carrier
) SELECT
  agency_id, call_control_id, call_session_id, call_leg_id, claim_id, facts, updated_at, carrier
FROM call_legs;
DROP TABLE call_legs;
ALTER TABLE call_legs_keyed RENAME TO call_legs;
CREATE INDEX idx_call_legs_session ON call_legs (agency_id, call_session_id);
CREATE INDEX idx_call_legs_leg_id ON call_legs (agency_id, call_leg_id);
CREATE INDEX idx_call_legs_claim ON call_legs (agency_id, claim_id) WHERE claim_id IS NOT NULL;
CREATE UNIQUE INDEX call_legs_of_one_carrier ON call_legs (agency_id, call_control_id);

CREATE TABLE webhook_events_keyed (
  agency_id TEXT NOT NULL REFERENCES agencies(id),
  webhook_id TEXT NOT NULL,
  event_type TEXT NOT NULL,
  call_control_id TEXT,
  connection_id TEXT,
  occurred_at BIGINT NOT NULL,
  received_at BIGINT NOT NULL,
  outcome TEXT NOT NULL,
  body TEXT NOT NULL,
  carrier TEXT NOT NULL DEFAULT 'telnyx',
  PRIMARY KEY (agency_id, webhook_id, carrier)
);
INSERT INTO webhook_events_keyed (
  agency_id, webhook_id, event_type, call_control_id, connection_id, occurred_at, received_at,
  outcome, body, carrier
) SELECT
  agency_id, webhook_id, event_type, call_control_id, connection_id, occurred_at, received_at,
  outcome, body, carrier
FROM webhook_events;
DROP TABLE webhook_events;
ALTER TABLE webhook_events_keyed RENAME TO webhook_events;
CREATE INDEX idx_webhook_events_received ON webhook_events (agency_id, received_at);
CREATE INDEX idx_webhook_events_held ON webhook_events (agency_id, call_control_id)
  WHERE outcome = 'held';
CREATE INDEX idx_webhook_events_failed ON webhook_events (agency_id, webhook_id, carrier)
  WHERE outcome = 'failed';

CREATE TABLE errands_keyed (
  agency_id TEXT NOT NULL REFERENCES agencies(id),
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  due_at BIGINT NOT NULL,
  leased_until BIGINT,
  attempts INTEGER NOT NULL DEFAULT 0,
  command_n INTEGER NOT NULL DEFAULT 1,
  carrier TEXT NOT NULL DEFAULT 'telnyx',
  PRIMARY KEY (agency_id, kind, subject, carrier)
);
INSERT INTO errands_keyed (
  agency_id, kind, subject, due_at, leased_until, attempts, command_n, carrier
) SELECT
  agency_id, kind, subject, due_at, leased_until, attempts, command_n, carrier
FROM errands;
DROP TABLE errands;
ALTER TABLE errands_keyed RENAME TO errands;
CREATE INDEX idx_errands_due ON errands (due_at);
CREATE UNIQUE INDEX errands_of_one_carrier ON errands (agency_id, kind, subject);

CREATE TABLE call_logs_keyed (
  id TEXT PRIMARY KEY,
  agency_id TEXT NOT NULL REFERENCES agencies(id),
  prospect_id TEXT,
  caller_id TEXT,
  phone_number TEXT,
  from_number TEXT,
  result TEXT,
  outcome TEXT,
  duration BIGINT NOT NULL DEFAULT 0,
  notes TEXT,
  started_at BIGINT NOT NULL,
  ended_at BIGINT,
  call_sid TEXT NOT NULL,
  recording_url TEXT,
  direction TEXT NOT NULL DEFAULT 'inbound',
  end_reason TEXT,
  answered_by TEXT,
  prospect_name TEXT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  to_number TEXT,
  caller_name TEXT,
  answered_by_name TEXT,
  answered_at BIGINT,
  wait BIGINT NOT NULL DEFAULT 0,
  carrier TEXT NOT NULL DEFAULT 'telnyx',
  UNIQUE (agency_id, call_sid, carrier)
);
INSERT INTO call_logs_keyed (
  id, agency_id, prospect_id, caller_id, phone_number, from_number, result, outcome, duration,
  notes, started_at, ended_at, call_sid, recording_url, direction, end_reason, answered_by,
  prospect_name, created_at, updated_at, to_number, caller_name, answered_by_name, answered_at,
  wait
) SELECT
  id, agency_id, prospect_id, caller_id, phone_number, from_number, result, outcome, duration,
  notes, started_at, ended_at, call_sid, recording_url, direction, end_reason, answered_by,
  prospect_name, created_at, updated_at, to_number, caller_name, answered_by_name, answered_at,
  wait
FROM call_logs;
DROP TABLE call_logs;
ALTER TABLE call_logs_keyed RENAME TO call_logs;
CREATE INDEX idx_call_logs_prospect_id ON call_logs (prospect_id);
CREATE INDEX idx_call_logs_started_at ON call_logs (agency_id, started_at, id);
CREATE INDEX idx_call_logs_result ON call_logs (agency_id, result, started_at, id);
CREATE INDEX idx_call_logs_outcome ON call_logs (agency_id, outcome, started_at, id);
CREATE INDEX idx_call_logs_caller_started ON call_logs (agency_id, caller_id, started_at, id);
CREATE INDEX idx_call_logs_stats ON call_logs (agency_id, started_at, result, wait);
CREATE INDEX idx_call_logs_from_number ON call_logs (
  agency_id,
  substr(replace(replace(replace(replace(replace(replace(substr(from_number, 1, instr(replace(from_number, ';', '@') || '@', '@') - 1), ' ', ''), '-', ''), '.', ''), '(', ''), ')', ''), '/', ''), -4),
  started_at, id
);
CREATE INDEX idx_call_logs_to_number ON call_logs (
  agency_id,
  substr(replace(replace(replace(replace(replace(replace(substr(to_number, 1, instr(replace(to_number, ';', '@') || '@', '@') - 1), ' ', ''), '-', ''), '.', ''), '(', ''), ')', ''), '/', ''), -4),
  started_at, id
);

-- Claims name their call. Those that lack theirs are counted until the commit, and an insert into the
-- table of that name counts them down again: so this one is not renamed but filled anew.
PRAGMA defer_foreign_keys = ON;
CREATE TABLE inbound_calls_kept AS SELECT * FROM inbound_calls;
DROP TABLE inbound_calls;
CREATE TABLE inbound_calls (
  id TEXT PRIMARY KEY,
  agency_id TEXT NOT NULL REFERENCES agencies(id),
  call_control_id TEXT NOT NULL,
  call_session_id TEXT,
  from_number TEXT,
  to_number TEXT,
  caller_name TEXT,
  direction TEXT NOT NULL DEFAULT 'inbound',
  status TEXT NOT NULL DEFAULT 'incoming',
  answered_by TEXT,
  answered_by_name TEXT,
  caller_answered_at BIGINT,
  answered_at BIGINT,
  ended_at BIGINT,
  connected BOOLEAN NOT NULL DEFAULT 0,
  hangup_cause TEXT,
  recordings TEXT NOT NULL DEFAULT '[]',
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  carrier TEXT NOT NULL DEFAULT 'telnyx',
  participants TEXT,
  UNIQUE (agency_id, call_control_id, carrier)
);
INSERT INTO inbound_calls (
  id, agency_id, call_control_id, call_session_id, from_number, to_number, caller_name,
  direction, status, answered_by, answered_by_name, caller_answered_at, answered_at, ended_at,
  connected, hangup_cause, recordings, created_at, updated_at, carrier, participants
) SELECT
  id, agency_id, call_control_id, call_session_id, from_number, to_number, caller_name,
  direction, status, answered_by, answered_by_name, caller_answered_at, answered_at, ended_at,
  connected, hangup_cause, recordings, created_at, updated_at, carrier, participants
FROM inbound_calls_kept;
DROP TABLE inbound_calls_kept;
CREATE INDEX idx_inbound_calls_status ON inbound_calls (agency_id, status, created_at, id);
CREATE INDEX idx_inbound_calls_page ON inbound_calls (agency_id, created_at, id);
CREATE INDEX idx_inbound_calls_control_id ON inbound_calls (call_control_id)
  WHERE status <> 'ended';
CREATE INDEX idx_inbound_calls_answered_by ON inbound_calls (agency_id, answered_by, created_at, id)
  WHERE answered_by IS NOT NULL;
CREATE INDEX idx_inbound_calls_from_number ON inbound_calls (
  agency_id,
  substr(replace(replace(replace(replace(replace(replace(substr(from_number, 1, instr(replace(from_number, ';', '@') || '@', '@') - 1), ' ', ''), '-', ''), '.', ''), '(', ''), ')', ''), '/', ''), -4),
  created_at, id
);
CREATE INDEX idx_inbound_calls_to_number ON inbound_calls (
  agency_id,
  substr(replace(replace(replace(replace(replace(replace(substr(to_number, 1, instr(replace(to_number, ';', '@') || '@', '@') - 1), ' ', ''), '-', ''), '.', ''), '(', ''), ')', ''), '/', ''), -4),
  created_at, id
);

CREATE VIEW legs_readable AS
  SELECT a.name AS agency, l.call_control_id, l.call_session_id, l.claim_id, json_extract(facts, '$.direction') AS direction,
         strftime('%Y-%m-%dT%H:%M:%fZ', json_extract(facts, '$.initiated.occurred') / 1000000.0, 'unixepoch') AS initiated_at, strftime('%Y-%m-%dT%H:%M:%fZ', json_extract(facts, '$.answered.occurred') / 1000000.0, 'unixepoch') AS answered_at,
         strftime('%Y-%m-%dT%H:%M:%fZ', json_extract(facts, '$.bridged.occurred') / 1000000.0, 'unixepoch') AS bridged_at, strftime('%Y-%m-%dT%H:%M:%fZ', json_extract(facts, '$.hung_up.occurred') / 1000000.0, 'unixepoch') AS hung_up_at,
         json_extract(facts, '$.hangup_cause.value') AS hangup_cause
  FROM call_legs l JOIN agencies a ON a.id = l.agency_id;
CREATE VIEW webhooks_readable AS
  SELECT a.name AS agency, w.event_type, w.outcome, strftime('%Y-%m-%dT%H:%M:%fZ', w.occurred_at / 1000000.0, 'unixepoch') AS occurred_at,
         strftime('%Y-%m-%dT%H:%M:%fZ', w.received_at / 1000000.0, 'unixepoch') AS received_at, w.call_control_id, w.webhook_id
  FROM webhook_events w JOIN agencies a ON a.id = w.agency_id;
CREATE VIEW call_logs_readable AS
  SELECT l.id, a.name AS agency, l.result, l.from_number, l.to_number, l.caller_name, l.answered_by_name,
         strftime('%Y-%m-%dT%H:%M:%fZ', l.started_at / 1000000.0, 'unixepoch') AS rang_at, l.wait / 1000000.0 AS waited_s,
         l.duration AS talked_s, l.end_reason, l.outcome, l.notes
  FROM call_logs l JOIN agencies a ON a.id = l.agency_id;
