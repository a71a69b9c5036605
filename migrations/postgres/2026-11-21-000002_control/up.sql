-- When a claim is let go of if nobody has answered, and what it asks of the carrier: which command,
-- which number of its own, and whether the carrier has taken it on.
ALTER TABLE callboard.claims ADD COLUMN deadline_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE callboard.claims ADD COLUMN command TEXT NOT NULL DEFAULT 'transfer';
ALTER TABLE callboard.claims ADD COLUMN command_n INTEGER NOT NULL DEFAULT 1;
ALTER TABLE callboard.claims ADD COLUMN command_accepted BOOLEAN NOT NULL DEFAULT FALSE;

-- What we still owe the carrier, written with the change from which it follows: any node takes up
-- what is due and leased by nobody, and removes what is done. The subject is a leg or a claim.
CREATE TABLE callboard.errands (
  agency_id TEXT NOT NULL REFERENCES callboard.agencies(id),
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  due_at BIGINT NOT NULL,
  leased_until BIGINT,
  attempts INTEGER NOT NULL DEFAULT 0,
  command_n INTEGER NOT NULL DEFAULT 1,
  PRIMARY KEY (agency_id, kind, subject)
);
CREATE INDEX idx_errands_due ON callboard.errands (due_at);
