-- Who is there to take a call. A row is what was told last of somebody, and what that followed from:
-- whether they are there, what they chose, and until when they write about a call. Nodes of the release
-- before this one know none of it: what their claims change is put right by the others within a minute.
CREATE TABLE agents (
  agency_id TEXT NOT NULL REFERENCES agencies(id) ON DELETE CASCADE,
  user_id TEXT NOT NULL,
  name TEXT,
  phone TEXT NOT NULL,
  state TEXT NOT NULL,
  reason TEXT,
  since BIGINT NOT NULL,
  present BOOLEAN NOT NULL,
  away BOOLEAN NOT NULL,
  away_reason TEXT,
  wrap_up_until BIGINT,
  talked BOOLEAN NOT NULL,
  last_seen BIGINT,
  PRIMARY KEY (agency_id, user_id)
);
-- What each of them was, from when to when, and the number of the event that ended it.
CREATE TABLE agent_times (
  agency_id TEXT NOT NULL REFERENCES agencies(id) ON DELETE CASCADE,
  seq BIGINT NOT NULL,
  user_id TEXT NOT NULL,
  state TEXT NOT NULL,
  reason TEXT,
  began_at BIGINT NOT NULL,
  ended_at BIGINT NOT NULL,
  PRIMARY KEY (agency_id, seq)
);
CREATE INDEX idx_agent_times_ended ON agent_times (agency_id, ended_at);
-- Which node has sockets of whom, and when the last of them closed.
CREATE TABLE connections (
  agency_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  node TEXT NOT NULL,
  left_at BIGINT,
  PRIMARY KEY (agency_id, user_id, node)
);
-- When a node last said that it is there: what it had stands no longer than that and a while.
CREATE TABLE nodes (
  id TEXT PRIMARY KEY,
  seen_at BIGINT NOT NULL
);
CREATE INDEX idx_connections_node ON connections (node);
-- Whose hands are full: found without reading the calls that somebody ever had.
CREATE INDEX idx_inbound_calls_held ON inbound_calls (agency_id, answered_by)
  WHERE status IN ('answering', 'answered');
-- For whom a phone rang in vain on a day.
CREATE INDEX idx_claims_claimed ON claims (agency_id, claimed_at);
