-- Seats on which nobody sits: of somebody who was invited and has not come yet, or who was removed and may
-- be given the seat again (absence: invited or removed). Whoever sits has agency and role in users.
CREATE TABLE empty_seats (
  user_id TEXT PRIMARY KEY NOT NULL REFERENCES users(id) ON DELETE CASCADE,
  agency_id TEXT NOT NULL REFERENCES agencies(id) ON DELETE CASCADE,
  role TEXT NOT NULL,
  absence TEXT NOT NULL,
  since BIGINT NOT NULL
);
CREATE INDEX idx_empty_seats_agency ON empty_seats (agency_id);
