DROP INDEX idx_claims_claimed;
DROP INDEX idx_inbound_calls_held;
DROP TABLE nodes;
DROP TABLE connections;
DROP TABLE agent_times;
DROP TABLE agents;
