-- What the carrier was asked for a call, each command once: id is what the carrier knows it by, state
-- how it stands. A command of a claim is its n-th. The claim's own columns (command, command_n,
-- command_accepted) hold the latest one too, as long as nodes may serve that know no other.
CREATE TABLE callboard.commands (
  id TEXT PRIMARY KEY,
  agency_id TEXT NOT NULL REFERENCES callboard.agencies(id),
  call_id TEXT NOT NULL,
  claim_id TEXT REFERENCES callboard.claims(id) ON DELETE CASCADE,
  action TEXT NOT NULL,
  n INTEGER NOT NULL,
  state TEXT NOT NULL,
  asked_at BIGINT NOT NULL
);
CREATE INDEX idx_commands_claim ON callboard.commands (claim_id);
