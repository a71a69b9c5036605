-- What every webhook has to keep up and nothing needs: a call is found through its leg, and rows
-- with nothing in a column need no place in its index. By its handle alone a call is looked for
-- while it lives; the unique index finds all of an agency's.
DROP INDEX callboard.idx_inbound_calls_session;
DROP INDEX callboard.idx_inbound_calls_control_id;
DROP INDEX callboard.idx_inbound_calls_answered_by;
DROP INDEX callboard.idx_call_legs_claim;
DROP INDEX callboard.idx_webhook_events_control_id;
CREATE INDEX idx_inbound_calls_control_id ON callboard.inbound_calls (call_control_id)
  WHERE status <> 'ended';
CREATE INDEX idx_inbound_calls_answered_by ON callboard.inbound_calls (agency_id, answered_by, created_at, id)
  WHERE answered_by IS NOT NULL;
CREATE INDEX idx_call_legs_claim ON callboard.call_legs (agency_id, claim_id) WHERE claim_id IS NOT NULL;
-- Webhooks that wait for the call.initiated of their leg.
CREATE INDEX idx_webhook_events_held ON callboard.webhook_events (agency_id, call_control_id)
  WHERE outcome = 'held';
