-- What the SMS of a day ("2026-11-26") or month ("2026-11") cost, in segments, by who
-- pays. Counted when an attempt begins, given back when it surely was not sent.
CREATE TABLE spend (
  scope       TEXT NOT NULL,   -- recipient, route, provider
  name        TEXT NOT NULL,
  period      TEXT NOT NULL,
  segments    INTEGER NOT NULL,
  under_way   INTEGER NOT NULL,            -- of these, in requests not answered yet
  warned      INTEGER NOT NULL DEFAULT 0,  -- the highest per cent that was told
  warned_of   INTEGER NOT NULL DEFAULT 0,  -- of a limit of so many segments
  PRIMARY KEY (scope, name, period)
) STRICT, WITHOUT ROWID;

-- Who paid for a message of an attempt under way; gone once it is answered.
CREATE TABLE charge (
  message  INTEGER NOT NULL,
  attempt  INTEGER NOT NULL,
  segments INTEGER NOT NULL,
  periods  TEXT NOT NULL,   -- JSON [[scope, name, period], ...]
  PRIMARY KEY (message, attempt)
) STRICT, WITHOUT ROWID;

-- Who was told that a budget is used up: once for each person, period and limit.
CREATE TABLE said_used_up (
  recipient TEXT NOT NULL,
  scope     TEXT NOT NULL,
  name      TEXT NOT NULL,
  period    TEXT NOT NULL,
  of        INTEGER NOT NULL,
  message   INTEGER NOT NULL,
  PRIMARY KEY (recipient, scope, name, period)
) STRICT, WITHOUT ROWID;
CREATE INDEX said_used_up_message ON said_used_up (message);

-- A mailbox that a budget holds back is read no more often than this, whatever fills it;
-- 0: no budget does.
ALTER TABLE mailbox ADD COLUMN over_budget_until INTEGER NOT NULL DEFAULT 0;
