-- Who is, or was, on a call beside its caller, as JSON: what follows from its legs and claims. Nodes
-- of the previous release leave it as it is; its "at" tells whether it is of the row's last change.
ALTER TABLE callboard.inbound_calls ADD COLUMN participants TEXT;
