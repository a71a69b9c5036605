-- Keys with which programs and displays come in: known by their hash, each with the words of its rights,
-- with commas. Being used is no change that servers must hear of.
CREATE TABLE callboard.agency_keys (
  id TEXT PRIMARY KEY,
  agency_id TEXT NOT NULL REFERENCES callboard.agencies(id),
  hash TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  rights TEXT NOT NULL,
  prefix TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  last_used_at BIGINT
);
CREATE INDEX idx_agency_keys_agency ON callboard.agency_keys (agency_id, created_at);
CREATE TRIGGER agency_keys_changed AFTER INSERT OR DELETE ON callboard.agency_keys
  FOR EACH STATEMENT EXECUTE FUNCTION callboard.count_directory_change();
