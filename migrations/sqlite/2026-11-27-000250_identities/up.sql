-- Who somebody is at an identity provider, by its own name for them. Never by an address, which a
-- provider may let anybody claim or give to somebody else later.
CREATE TABLE identities (
  issuer TEXT NOT NULL,
  subject TEXT NOT NULL,
  user_id TEXT NOT NULL REFERENCES accounts(user_id) ON DELETE CASCADE,
  made_at BIGINT NOT NULL,
  PRIMARY KEY (issuer, subject)
);
CREATE INDEX idx_identities_user ON identities (user_id);
-- Somebody has come back from there and is about to be let in: good once, for whoever holds the secret
-- that challenge is the hash of.
CREATE TABLE sign_in_codes (
  hash TEXT PRIMARY KEY NOT NULL,
  challenge TEXT NOT NULL,
  user_id TEXT NOT NULL REFERENCES accounts(user_id) ON DELETE CASCADE,
  expires_at BIGINT NOT NULL
);
CREATE INDEX idx_sign_in_codes_user ON sign_in_codes (user_id);
