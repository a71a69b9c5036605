-- What one node at a time does, and which one until when: taken by compare-and-set, and free again
-- when the time is over, whatever has become of the node.
CREATE TABLE callboard.leases (
  name TEXT PRIMARY KEY,
  holder TEXT NOT NULL,
  held_until BIGINT NOT NULL
);
-- Commands go with their call; those of a claim are found by it.
CREATE INDEX idx_commands_of_no_claim ON callboard.commands (call_id) WHERE claim_id IS NULL;
