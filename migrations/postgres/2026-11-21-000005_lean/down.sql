DROP INDEX callboard.idx_webhook_events_held;
DROP INDEX callboard.idx_call_legs_claim;
DROP INDEX callboard.idx_inbound_calls_answered_by;
DROP INDEX callboard.idx_inbound_calls_control_id;
CREATE INDEX idx_inbound_calls_session ON callboard.inbound_calls (agency_id, call_session_id);
CREATE INDEX idx_inbound_calls_control_id ON callboard.inbound_calls (call_control_id);
CREATE INDEX idx_inbound_calls_answered_by ON callboard.inbound_calls (agency_id, answered_by, created_at, id);
CREATE INDEX idx_call_legs_claim ON callboard.call_legs (agency_id, claim_id);
CREATE INDEX idx_webhook_events_control_id ON callboard.webhook_events (agency_id, call_control_id);
