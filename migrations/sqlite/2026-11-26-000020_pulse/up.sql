-- Where a node writes, and takes back, what shows that the database takes writes. Always empty.
CREATE TABLE pulse (
  id BIGINT PRIMARY KEY NOT NULL,
  body TEXT NOT NULL
);
