-- Mails that are owed to somebody: sealed (address, link) until they are sent or given up, then only what
-- became of them (state: waiting, sent or failed).
CREATE TABLE callboard.mails (
  id TEXT PRIMARY KEY NOT NULL,
  kind TEXT NOT NULL,
  agency_id TEXT REFERENCES callboard.agencies(id) ON DELETE CASCADE,
  user_id TEXT REFERENCES callboard.users(id) ON DELETE CASCADE,
  sealed TEXT,
  state TEXT NOT NULL,
  problem TEXT,
  attempts INTEGER NOT NULL,
  due_at BIGINT NOT NULL,
  leased_until BIGINT,
  made_at BIGINT NOT NULL,
  until BIGINT NOT NULL
);
CREATE INDEX idx_mails_waiting ON callboard.mails (due_at) WHERE state = 'waiting';
CREATE INDEX idx_mails_agency ON callboard.mails (agency_id, made_at);
CREATE INDEX idx_mails_user ON callboard.mails (user_id);
