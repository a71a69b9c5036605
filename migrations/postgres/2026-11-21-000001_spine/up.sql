-- Times are microseconds since 1970, ids are text: the same types on both databases.
-- An agency is a tenant. data_key is its wrapped data key, which seals its credentials.
CREATE TABLE callboard.agencies (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  is_default BOOLEAN NOT NULL DEFAULT FALSE,
  data_key TEXT,
  created_at BIGINT NOT NULL
);
-- The numbering of an agency's events; its row is the lock that serialises the agency's writes.
CREATE TABLE callboard.agency_heads (
  agency_id TEXT PRIMARY KEY REFERENCES callboard.agencies(id),
  epoch TEXT NOT NULL,
  last_seq BIGINT NOT NULL DEFAULT 0,
  pruned_seq BIGINT NOT NULL DEFAULT 0
);
-- The people. The id is the sub of their access tokens.
CREATE TABLE callboard.users (
  id TEXT PRIMARY KEY,
  agency_id TEXT REFERENCES callboard.agencies(id),
  role TEXT,
  name TEXT,
  email TEXT,
  sip_username TEXT,
  created_at BIGINT NOT NULL
);
-- The calls, as the board shows them: what follows from call_legs and claims.
CREATE TABLE callboard.inbound_calls (
  id TEXT PRIMARY KEY,
  agency_id TEXT NOT NULL REFERENCES callboard.agencies(id),
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
  connected BOOLEAN NOT NULL DEFAULT FALSE,
  hangup_cause TEXT,
  recordings TEXT NOT NULL DEFAULT '[]',
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  UNIQUE (agency_id, call_control_id)
);
-- One row for each finished call. prospect_id and prospect_name belong to another program.
CREATE TABLE callboard.call_logs (
  id TEXT PRIMARY KEY,
  agency_id TEXT NOT NULL REFERENCES callboard.agencies(id),
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
  UNIQUE (agency_id, call_sid)
);
-- What the carrier's webhooks have told of each leg, as JSON; statuses derive from it.
CREATE TABLE callboard.call_legs (
  agency_id TEXT NOT NULL REFERENCES callboard.agencies(id),
  call_control_id TEXT NOT NULL,
  call_session_id TEXT,
  call_leg_id TEXT,
  claim_id TEXT,
  facts TEXT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (agency_id, call_control_id)
);
-- Every claim that was won. released_at is a release by command; standing says how it came out.
CREATE TABLE callboard.claims (
  id TEXT PRIMARY KEY,
  agency_id TEXT NOT NULL REFERENCES callboard.agencies(id),
  call_id TEXT NOT NULL REFERENCES callboard.inbound_calls(id),
  ordinal INTEGER NOT NULL,
  user_id TEXT NOT NULL,
  user_name TEXT,
  claimed_at BIGINT NOT NULL,
  released_at BIGINT,
  release_reason TEXT,
  plain_answer BOOLEAN NOT NULL DEFAULT FALSE,
  standing TEXT NOT NULL,
  UNIQUE (call_id, ordinal)
);
-- The journal: what boards hear, by number. event is the JSON text as it was sent.
CREATE TABLE callboard.call_events (
  agency_id TEXT NOT NULL REFERENCES callboard.agencies(id),
  seq BIGINT NOT NULL,
  call_id TEXT NOT NULL,
  event_type TEXT NOT NULL,
  recorded_at BIGINT NOT NULL,
  event TEXT NOT NULL,
  PRIMARY KEY (agency_id, seq)
);
-- Every verified webhook, raw, and what became of it.
CREATE TABLE callboard.webhook_events (
  agency_id TEXT NOT NULL REFERENCES callboard.agencies(id),
  webhook_id TEXT NOT NULL,
  event_type TEXT NOT NULL,
  call_control_id TEXT,
  connection_id TEXT,
  occurred_at BIGINT NOT NULL,
  received_at BIGINT NOT NULL,
  outcome TEXT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (agency_id, webhook_id)
);
-- Credentials, sealed by the agency's data key; agency, name and version are bound in.
CREATE TABLE callboard.agency_credentials (
  agency_id TEXT NOT NULL REFERENCES callboard.agencies(id),
  name TEXT NOT NULL,
  version BIGINT NOT NULL,
  sealed TEXT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (agency_id, name)
);
-- One row that counts changes of agencies, users and credentials, so that a node can tell with one read whether its caches are still true.
CREATE TABLE callboard.directory (
  id INTEGER PRIMARY KEY,
  version BIGINT NOT NULL
);
CREATE INDEX idx_users_agency ON callboard.users (agency_id);
CREATE INDEX idx_inbound_calls_control_id ON callboard.inbound_calls (call_control_id);
CREATE INDEX idx_inbound_calls_from_number ON callboard.inbound_calls (agency_id, from_number, created_at, id);
CREATE INDEX idx_inbound_calls_to_number ON callboard.inbound_calls (agency_id, to_number, created_at, id);
CREATE INDEX idx_inbound_calls_answered_by ON callboard.inbound_calls (agency_id, answered_by, created_at, id);
CREATE INDEX idx_inbound_calls_status ON callboard.inbound_calls (agency_id, status, created_at, id);
CREATE INDEX idx_inbound_calls_page ON callboard.inbound_calls (agency_id, created_at, id);
CREATE INDEX idx_inbound_calls_session ON callboard.inbound_calls (agency_id, call_session_id);
CREATE INDEX idx_call_logs_started_at ON callboard.call_logs (agency_id, started_at DESC);
CREATE INDEX idx_call_logs_caller_id ON callboard.call_logs (caller_id);
CREATE INDEX idx_call_logs_prospect_id ON callboard.call_logs (prospect_id);
CREATE INDEX idx_call_logs_phone_number ON callboard.call_logs (agency_id, phone_number);
CREATE INDEX idx_call_logs_call_sid ON callboard.call_logs (call_sid);
CREATE INDEX idx_call_logs_caller_started ON callboard.call_logs (caller_id, started_at DESC);
CREATE INDEX idx_call_logs_outcome ON callboard.call_logs (agency_id, outcome);
CREATE INDEX idx_call_legs_session ON callboard.call_legs (agency_id, call_session_id);
CREATE INDEX idx_call_legs_leg_id ON callboard.call_legs (agency_id, call_leg_id);
CREATE INDEX idx_call_legs_claim ON callboard.call_legs (agency_id, claim_id);
CREATE INDEX idx_call_events_call ON callboard.call_events (agency_id, call_id, seq);
CREATE INDEX idx_webhook_events_received ON callboard.webhook_events (agency_id, received_at);
CREATE INDEX idx_webhook_events_control_id ON callboard.webhook_events (agency_id, call_control_id);

INSERT INTO callboard.directory (id, version) VALUES (1, 1);

-- Triggers count the changes, so that one made by hand is noticed too.
CREATE FUNCTION callboard.count_directory_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE callboard.directory SET version = version + 1 WHERE id = 1;
  RETURN NULL;
END $$;
CREATE TRIGGER agencies_changed AFTER INSERT OR UPDATE OR DELETE ON callboard.agencies
  FOR EACH STATEMENT EXECUTE FUNCTION callboard.count_directory_change();
CREATE TRIGGER users_changed AFTER INSERT OR UPDATE OR DELETE ON callboard.users
  FOR EACH STATEMENT EXECUTE FUNCTION callboard.count_directory_change();
CREATE TRIGGER agency_credentials_changed AFTER INSERT OR UPDATE OR DELETE ON callboard.agency_credentials
  FOR EACH STATEMENT EXECUTE FUNCTION callboard.count_directory_change();

-- For people at a prompt: the same rows with times that can be read.
CREATE VIEW callboard.calls_readable AS
  SELECT c.id, a.name AS agency, c.status, c.from_number, c.to_number, c.caller_name, c.answered_by_name,
         c.connected, c.hangup_cause, to_timestamp(c.created_at / 1000000.0) AS rang_at, to_timestamp(c.answered_at / 1000000.0) AS answered_at,
         to_timestamp(c.ended_at / 1000000.0) AS ended_at, c.call_control_id
  FROM callboard.inbound_calls c JOIN callboard.agencies a ON a.id = c.agency_id;
CREATE VIEW callboard.events_readable AS
  SELECT a.name AS agency, e.seq, e.event_type, to_timestamp(e.recorded_at / 1000000.0) AS recorded_at,
         (e.event::json -> 'call' ->> 'from_number') AS from_number, (e.event::json -> 'call' ->> 'status') AS status,
         (e.event::json ->> 'reason') AS reason, (e.event::json -> 'actor' ->> 'name') AS actor, e.call_id
  FROM callboard.call_events e JOIN callboard.agencies a ON a.id = e.agency_id;
CREATE VIEW callboard.legs_readable AS
  SELECT a.name AS agency, l.call_control_id, l.call_session_id, l.claim_id, (facts::json ->> 'direction') AS direction,
         to_timestamp((facts::json -> 'initiated' ->> 'occurred')::bigint / 1000000.0) AS initiated_at, to_timestamp((facts::json -> 'answered' ->> 'occurred')::bigint / 1000000.0) AS answered_at,
         to_timestamp((facts::json -> 'bridged' ->> 'occurred')::bigint / 1000000.0) AS bridged_at, to_timestamp((facts::json -> 'hung_up' ->> 'occurred')::bigint / 1000000.0) AS hung_up_at,
         (facts::json -> 'hangup_cause' ->> 'value') AS hangup_cause
  FROM callboard.call_legs l JOIN callboard.agencies a ON a.id = l.agency_id;
CREATE VIEW callboard.claims_readable AS
  SELECT a.name AS agency, k.call_id, k.ordinal, k.user_name, k.standing, to_timestamp(k.claimed_at / 1000000.0) AS claimed_at,
         to_timestamp(k.released_at / 1000000.0) AS released_at, k.release_reason, k.id
  FROM callboard.claims k JOIN callboard.agencies a ON a.id = k.agency_id;
CREATE VIEW callboard.webhooks_readable AS
  SELECT a.name AS agency, w.event_type, w.outcome, to_timestamp(w.occurred_at / 1000000.0) AS occurred_at,
         to_timestamp(w.received_at / 1000000.0) AS received_at, w.call_control_id, w.webhook_id
  FROM callboard.webhook_events w JOIN callboard.agencies a ON a.id = w.agency_id;
