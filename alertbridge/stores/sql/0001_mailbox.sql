-- Times are microseconds since 1970 (UTC). Enumerations are stored by their words.

CREATE TABLE setting (
  key   TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The latest post of each (source, receiver, group key): paces repeats, notes counts.
CREATE TABLE post (
  id          INTEGER PRIMARY KEY,
  source      TEXT NOT NULL,
  receiver    TEXT NOT NULL,
  group_key   TEXT NOT NULL,
  at          INTEGER NOT NULL,
  repeated_at INTEGER,
  truncated   INTEGER NOT NULL,
  unreadable  INTEGER NOT NULL,
  oversized   INTEGER NOT NULL,
  UNIQUE (source, receiver, group_key)
) STRICT;

-- One firing period of one alert of one source.
CREATE TABLE episode (
  id            INTEGER PRIMARY KEY,
  source        TEXT NOT NULL,
  fingerprint   TEXT NOT NULL,
  group_key     TEXT NOT NULL,
  labels        TEXT NOT NULL,
  annotations   TEXT NOT NULL,
  generator_url TEXT NOT NULL,
  severity      INTEGER NOT NULL,
  starts_at     INTEGER NOT NULL,
  ends_at       INTEGER,
  opened_seen   INTEGER NOT NULL,
  ended_seen    INTEGER,
  acked_at      INTEGER,
  acked_by      TEXT
) STRICT;
CREATE INDEX episode_latest ON episode (source, fingerprint, id);
CREATE INDEX episode_open ON episode (source, group_key) WHERE ends_at IS NULL;
CREATE INDEX episode_ended ON episode (ended_seen) WHERE ends_at IS NOT NULL;

-- One fact one recipient must hear. The unit of "nothing confirmed is lost".
CREATE TABLE notification (
  id         INTEGER PRIMARY KEY,
  episode    INTEGER NOT NULL REFERENCES episode (id) ON DELETE CASCADE,
  kind       TEXT NOT NULL,
  round      INTEGER NOT NULL,
  recipient  TEXT NOT NULL,
  state      TEXT NOT NULL,
  reason     TEXT NOT NULL,
  severity   INTEGER NOT NULL,
  receiver   TEXT NOT NULL,
  place      TEXT NOT NULL,   -- the rule's file:line
  numbers    TEXT NOT NULL,   -- JSON; frozen at intake
  mutes      TEXT NOT NULL,   -- JSON [mute interval names, active interval names], or ''
  tried      TEXT NOT NULL,   -- JSON [[number, provider], ...], or ''
  uncertain  INTEGER NOT NULL,
  post       INTEGER NOT NULL,
  message    INTEGER,         -- the message that carries it, or did
  replaces   INTEGER,         -- an uncertain message that may have told it already
  created_at INTEGER NOT NULL,
  held_until INTEGER,
  expires_at INTEGER,
  settled_at INTEGER,
  UNIQUE (episode, kind, round, recipient)
) STRICT;
CREATE INDEX notification_waiting ON notification (recipient, severity, id)
  WHERE state = 'waiting';
CREATE INDEX notification_message ON notification (message) WHERE message IS NOT NULL;
CREATE INDEX notification_replaces ON notification (replaces) WHERE replaces IS NOT NULL;
CREATE INDEX notification_dead ON notification (id) WHERE state = 'dead';

-- When each recipient's mailbox is to be looked at; `busy` is the submission under way,
-- `waits_for` the provider that had no place when it was last composed.
CREATE TABLE mailbox (
  recipient  TEXT PRIMARY KEY,
  rank       INTEGER NOT NULL,
  due_at     INTEGER NOT NULL,
  not_before INTEGER NOT NULL,
  deferrals  INTEGER NOT NULL,
  alone      INTEGER NOT NULL,
  busy       TEXT,
  waits_for  TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX mailbox_due ON mailbox (rank, due_at) WHERE busy IS NULL;

-- One request to a provider. Its attempt is written before the first byte leaves.
CREATE TABLE submission (
  reference  TEXT PRIMARY KEY,
  provider   TEXT NOT NULL,
  body       TEXT NOT NULL,
  coding     TEXT NOT NULL,
  segments   INTEGER NOT NULL,
  urgent     INTEGER NOT NULL,
  closes_at  INTEGER NOT NULL,
  state      TEXT NOT NULL,   -- in_flight, uncertain, settled, replaced
  attempt    INTEGER NOT NULL,
  epoch      INTEGER NOT NULL,
  began_at   INTEGER NOT NULL,
  retry_at   INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX submission_open ON submission (state) WHERE state IN ('in_flight', 'uncertain');

CREATE TABLE attempt (
  reference TEXT NOT NULL REFERENCES submission (reference) ON DELETE CASCADE,
  n         INTEGER NOT NULL,
  provider  TEXT NOT NULL,
  began_at  INTEGER NOT NULL,
  ended_at  INTEGER,
  outcome   TEXT,
  detail    TEXT,
  PRIMARY KEY (reference, n)
) STRICT, WITHOUT ROWID;
CREATE INDEX attempt_began ON attempt (provider, began_at);

CREATE TABLE message (
  id          INTEGER PRIMARY KEY,
  submission  TEXT NOT NULL REFERENCES submission (reference) ON DELETE CASCADE,
  recipient   TEXT NOT NULL,
  number      TEXT NOT NULL,
  state       TEXT NOT NULL,  -- in_flight, accepted, uncertain, dissolved, replaced, refused, dead
  provider_id TEXT NOT NULL,
  replaces    INTEGER
) STRICT;
CREATE INDEX message_submission ON message (submission);

-- SMS that may have left, for the cap per person.
CREATE TABLE sent (
  recipient TEXT NOT NULL,
  at        INTEGER NOT NULL,
  message   INTEGER NOT NULL,
  attempt   INTEGER NOT NULL,
  PRIMARY KEY (recipient, at, message, attempt)
) STRICT, WITHOUT ROWID;
CREATE INDEX sent_message ON sent (message);

CREATE TABLE skipped_number (
  number TEXT PRIMARY KEY,
  until  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Why somebody heard nothing: "why was I not paged?"
CREATE TABLE left_out (
  episode   INTEGER NOT NULL REFERENCES episode (id) ON DELETE CASCADE,
  recipient TEXT NOT NULL,
  verdict   TEXT NOT NULL,
  place     TEXT NOT NULL,
  times     INTEGER NOT NULL,
  first_at  INTEGER NOT NULL,
  last_at   INTEGER NOT NULL,
  PRIMARY KEY (episode, recipient, verdict)
) STRICT, WITHOUT ROWID;

CREATE TABLE quarantine (
  id     INTEGER PRIMARY KEY,
  at     INTEGER NOT NULL,
  source TEXT NOT NULL,
  reason TEXT NOT NULL,
  body   TEXT NOT NULL
) STRICT;
