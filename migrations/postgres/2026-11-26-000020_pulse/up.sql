-- Where a node writes, and takes back, what shows that the database takes writes. Always empty.
CREATE TABLE callboard.pulse (
  id BIGINT PRIMARY KEY,
  body TEXT NOT NULL
);
