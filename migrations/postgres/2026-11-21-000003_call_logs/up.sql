-- What a row about a finished call lacked. duration is in seconds, wait in microseconds: from the
-- ring to the answer, or to the end where nobody answered.
ALTER TABLE callboard.call_logs ADD COLUMN to_number TEXT;
ALTER TABLE callboard.call_logs ADD COLUMN caller_name TEXT;
ALTER TABLE callboard.call_logs ADD COLUMN answered_by_name TEXT;
ALTER TABLE callboard.call_logs ADD COLUMN answered_at BIGINT;
ALTER TABLE callboard.call_logs ADD COLUMN wait BIGINT NOT NULL DEFAULT 0;

-- Every index begins with the agency and ends with the order of pages, so that each filter reads its
-- page and nothing else.
DROP INDEX callboard.idx_call_logs_started_at;
DROP INDEX callboard.idx_call_logs_caller_id;
DROP INDEX callboard.idx_call_logs_phone_number;
DROP INDEX callboard.idx_call_logs_call_sid;
DROP INDEX callboard.idx_call_logs_caller_started;
DROP INDEX callboard.idx_call_logs_outcome;
CREATE INDEX idx_call_logs_started_at ON callboard.call_logs (agency_id, started_at, id);
CREATE INDEX idx_call_logs_result ON callboard.call_logs (agency_id, result, started_at, id);
CREATE INDEX idx_call_logs_outcome ON callboard.call_logs (agency_id, outcome, started_at, id);
CREATE INDEX idx_call_logs_caller_started ON callboard.call_logs (agency_id, caller_id, started_at, id);
CREATE INDEX idx_call_logs_from_number ON callboard.call_logs (agency_id, from_number, started_at, id);
CREATE INDEX idx_call_logs_to_number ON callboard.call_logs (agency_id, to_number, started_at, id);
-- All that the statistics read of a call: they never look at the rows themselves.
CREATE INDEX idx_call_logs_stats ON callboard.call_logs (agency_id, started_at, result, wait);

-- Calls that ended before. Who hung up was not kept of them; the cause alone decides.
INSERT INTO callboard.call_logs (id, agency_id, caller_id, phone_number, from_number, to_number, caller_name,
    result, duration, started_at, answered_at, ended_at, wait, call_sid, direction, end_reason,
    answered_by, answered_by_name, created_at, updated_at)
  SELECT id, agency_id, CASE WHEN answered_at IS NOT NULL THEN answered_by END, from_number,
    from_number, to_number, caller_name,
    CASE WHEN answered_at IS NOT NULL THEN 'answered'
         WHEN hangup_cause IN ('originator_cancel', 'normal_clearing') THEN 'abandoned'
         ELSE 'missed' END,
    CASE WHEN ended_at > answered_at THEN (ended_at - answered_at) / 1000000 ELSE 0 END,
    created_at, answered_at, ended_at,
    CASE WHEN COALESCE(answered_at, ended_at) > created_at
         THEN COALESCE(answered_at, ended_at) - created_at ELSE 0 END,
    call_control_id, direction, hangup_cause,
    CASE WHEN answered_at IS NOT NULL THEN answered_by END,
    CASE WHEN answered_at IS NOT NULL THEN answered_by_name END,
    updated_at, updated_at
  FROM callboard.inbound_calls WHERE status = 'ended'
  ON CONFLICT DO NOTHING;

-- For people at a prompt.
CREATE VIEW callboard.call_logs_readable AS
  SELECT l.id, a.name AS agency, l.result, l.from_number, l.to_number, l.caller_name, l.answered_by_name,
         to_timestamp(l.started_at / 1000000.0) AS rang_at, l.wait / 1000000.0 AS waited_s,
         l.duration AS talked_s, l.end_reason, l.outcome, l.notes
  FROM callboard.call_logs l JOIN callboard.agencies a ON a.id = l.agency_id;
