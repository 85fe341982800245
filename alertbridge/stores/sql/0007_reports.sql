-- What became of a message after a provider took it. `delivery` is '' until something is
-- heard; `report` is the strongest word so far, as JSON. `claimed_at`: somebody said that
-- it is delivered, whom the gateway has not confirmed. `followed` is 1 while something
-- may still have to be done about it.
ALTER TABLE message ADD COLUMN accepted_at INTEGER;
ALTER TABLE message ADD COLUMN delivery TEXT NOT NULL DEFAULT '';
ALTER TABLE message ADD COLUMN report TEXT NOT NULL DEFAULT '';
ALTER TABLE message ADD COLUMN asked_at INTEGER;
ALTER TABLE message ADD COLUMN claimed_at INTEGER;
ALTER TABLE message ADD COLUMN followed INTEGER NOT NULL DEFAULT 0;
CREATE INDEX message_followed ON message (accepted_at) WHERE followed = 1;
CREATE INDEX message_provider_id ON message (provider_id) WHERE provider_id != '';

-- Messages that were taken and did not arrive, or did not say so; of these, those that
-- may have arrived all the same.
ALTER TABLE notification ADD COLUMN fail_overs INTEGER NOT NULL DEFAULT 0;
ALTER TABLE notification ADD COLUMN unconfirmed INTEGER NOT NULL DEFAULT 0;

-- Reports about messages that are not known yet: one may overtake the answer to its send.
CREATE TABLE parked_report (
  id          INTEGER PRIMARY KEY,
  provider    TEXT NOT NULL,
  provider_id TEXT NOT NULL,
  number      TEXT,
  report      TEXT NOT NULL,
  cautious    INTEGER NOT NULL,
  heard_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX parked_report_id ON parked_report (provider, provider_id);
CREATE INDEX parked_report_heard ON parked_report (heard_at);
