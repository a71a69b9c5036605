-- Accounts of our own. A person has one at most; the address is in small letters, so that it is one
-- person's. What proves something is never stored as it was given: passwords as argon2id PHC strings,
-- refresh tokens and links as SHA-256, keys and seeds sealed. All of it goes with the person.
CREATE TABLE callboard.accounts (
  user_id TEXT PRIMARY KEY REFERENCES callboard.users(id) ON DELETE CASCADE,
  email TEXT NOT NULL UNIQUE,
  password TEXT,
  created_at BIGINT NOT NULL,
  changed_at BIGINT NOT NULL,
  signed_in_at BIGINT
);
-- What access tokens are signed with: public as a JWK, the rest sealed under CALLBOARD_ENCRYPTION_KEY.
CREATE TABLE callboard.signing_keys (
  kid TEXT PRIMARY KEY,
  public TEXT NOT NULL,
  sealed TEXT NOT NULL,
  made_at BIGINT NOT NULL
);
-- Where somebody is signed in.
CREATE TABLE callboard.sessions (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES callboard.accounts(user_id) ON DELETE CASCADE,
  methods TEXT NOT NULL,
  network TEXT,
  client TEXT,
  created_at BIGINT NOT NULL,
  refreshed_at BIGINT NOT NULL
);
CREATE INDEX idx_sessions_user ON callboard.sessions (user_id);
-- Each is good once. salt is what it was derived with from its parent, so that whoever has the parent
-- and lost the answer can be given the same one again.
CREATE TABLE callboard.refresh_tokens (
  hash TEXT PRIMARY KEY,
  session_id TEXT NOT NULL REFERENCES callboard.sessions(id) ON DELETE CASCADE,
  parent TEXT,
  salt TEXT NOT NULL,
  made_at BIGINT NOT NULL,
  used_at BIGINT
);
CREATE INDEX idx_refresh_tokens_session ON callboard.refresh_tokens (session_id);
CREATE INDEX idx_refresh_tokens_parent ON callboard.refresh_tokens (parent);
-- Links that are good once: purpose is setup, invite or reset.
CREATE TABLE callboard.account_links (
  hash TEXT PRIMARY KEY,
  purpose TEXT NOT NULL,
  user_id TEXT REFERENCES callboard.users(id) ON DELETE CASCADE,
  agency_id TEXT REFERENCES callboard.agencies(id) ON DELETE CASCADE,
  role TEXT,
  name TEXT,
  email TEXT,
  made_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX idx_account_links_user ON callboard.account_links (user_id);
CREATE INDEX idx_account_links_agency ON callboard.account_links (agency_id);
-- Second factors (TOTP). last_step is the last one whose code was taken: a code is good once.
CREATE TABLE callboard.account_factors (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES callboard.accounts(user_id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  sealed TEXT NOT NULL,
  verified BOOLEAN NOT NULL,
  last_step BIGINT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE INDEX idx_account_factors_user ON callboard.account_factors (user_id);
CREATE TABLE callboard.recovery_codes (
  user_id TEXT NOT NULL REFERENCES callboard.accounts(user_id) ON DELETE CASCADE,
  hash TEXT NOT NULL,
  PRIMARY KEY (user_id, hash)
);
-- Who tries passwords, by a hash of the address (and of the network): those that nobody has count alike.
CREATE TABLE callboard.sign_in_attempts (
  subject TEXT PRIMARY KEY,
  failures INTEGER NOT NULL,
  last_at BIGINT NOT NULL
);
