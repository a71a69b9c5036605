DROP INDEX callboard.idx_inbound_calls_from_number;
CREATE INDEX idx_inbound_calls_from_number ON callboard.inbound_calls (agency_id, from_number, created_at, id);
DROP INDEX callboard.idx_inbound_calls_to_number;
CREATE INDEX idx_inbound_calls_to_number ON callboard.inbound_calls (agency_id, to_number, created_at, id);
DROP INDEX callboard.idx_call_logs_from_number;
CREATE INDEX idx_call_logs_from_number ON callboard.call_logs (agency_id, from_number, started_at, id);
DROP INDEX callboard.idx_call_logs_to_number;
CREATE INDEX idx_call_logs_to_number ON callboard.call_logs (agency_id, to_number, started_at, id);
