-- Keys with which programs and displays come in: known by their hash, each with the words of its rights,
-- with commas. Being used is no change that servers must hear of.
CREATE TABLE agency_keys (
  id TEXT PRIMARY KEY,
  agency_id TEXT NOT NULL REFERENCES agencies(id),
  hash TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  rights TEXT NOT NULL,
  prefix TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  last_used_at BIGINT
);
CREATE INDEX idx_agency_keys_agency ON agency_keys (agency_id, created_at);
CREATE TRIGGER agency_keys_insert AFTER INSERT ON agency_keys
  BEGIN UPDATE directory SET version = version + 1 WHERE id = 1; END;
CREATE TRIGGER agency_keys_delete AFTER DELETE ON agency_keys
  BEGIN UPDATE directory SET version = version + 1 WHERE id = 1; END;
