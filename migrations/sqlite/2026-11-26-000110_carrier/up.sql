-- Which carrier a leg, a call, a webhook or an errand is of: two carriers may give the same name to
-- two things. All that is there is Telnyx's, and so is what a node of the release before this one
-- writes meanwhile. The keys stay as they are until a second carrier is used, since that release
-- names their columns; whoever brings the second carrier puts the column into them, in a migration
-- that raises the floor to this one.
ALTER TABLE call_legs ADD COLUMN carrier TEXT NOT NULL DEFAULT 'telnyx';
ALTER TABLE inbound_calls ADD COLUMN carrier TEXT NOT NULL DEFAULT 'telnyx';
ALTER TABLE webhook_events ADD COLUMN carrier TEXT NOT NULL DEFAULT 'telnyx';
ALTER TABLE errands ADD COLUMN carrier TEXT NOT NULL DEFAULT 'telnyx';
