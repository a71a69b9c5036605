DROP INDEX callboard.idx_claims_claimed;
DROP INDEX callboard.idx_inbound_calls_held;
DROP TABLE callboard.nodes;
DROP TABLE callboard.connections;
DROP TABLE callboard.agent_times;
DROP TABLE callboard.agents;
