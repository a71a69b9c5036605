-- A number is looked for by its last digits, whatever stands between them and around it. Its last
-- four stand in the index, the rest is compared in the rows that have them. The texts are those of
-- `store::numbers`: an index on an expression is used for that expression alone.
DROP INDEX idx_inbound_calls_from_number;
CREATE INDEX idx_inbound_calls_from_number ON inbound_calls (
  agency_id,
  substr(replace(replace(replace(replace(replace(replace(substr(from_number, 1, instr(replace(from_number, ';', '@') || '@', '@') - 1), ' ', ''), '-', ''), '.', ''), '(', ''), ')', ''), '/', ''), -4),
  created_at, id
);
DROP INDEX idx_inbound_calls_to_number;
CREATE INDEX idx_inbound_calls_to_number ON inbound_calls (
  agency_id,
  substr(replace(replace(replace(replace(replace(replace(substr(to_number, 1, instr(replace(to_number, ';', '@') || '@', '@') - 1), ' ', ''), '-', ''), '.', ''), '(', ''), ')', ''), '/', ''), -4),
  created_at, id
);
DROP INDEX idx_call_logs_from_number;
CREATE INDEX idx_call_logs_from_number ON call_logs (
  agency_id,
  substr(replace(replace(replace(replace(replace(replace(substr(from_number, 1, instr(replace(from_number, ';', '@') || '@', '@') - 1), ' ', ''), '-', ''), '.', ''), '(', ''), ')', ''), '/', ''), -4),
  started_at, id
);
DROP INDEX idx_call_logs_to_number;
CREATE INDEX idx_call_logs_to_number ON call_logs (
  agency_id,
  substr(replace(replace(replace(replace(replace(replace(substr(to_number, 1, instr(replace(to_number, ';', '@') || '@', '@') - 1), ' ', ''), '-', ''), '.', ''), '(', ''), ')', ''), '/', ''), -4),
  started_at, id
);
