-- How the text of a submission may be answered: by the code it ends with, by the token
-- of its page (the SHA-256 of it); NULL for what it does not have.
CREATE TABLE ack (
  id         INTEGER PRIMARY KEY,
  submission TEXT NOT NULL REFERENCES submission (reference) ON DELETE CASCADE
             DEFERRABLE INITIALLY DEFERRED,
  code       INTEGER,
  token      BLOB UNIQUE,
  at         INTEGER NOT NULL
) STRICT;
CREATE INDEX ack_submission ON ack (submission);
CREATE INDEX ack_code ON ack (at, code) WHERE code IS NOT NULL;

-- What that text told: the kind of news, NULL for what came and went untold.
CREATE TABLE ack_episode (
  ack     INTEGER NOT NULL REFERENCES ack (id) ON DELETE CASCADE,
  episode INTEGER NOT NULL REFERENCES episode (id) ON DELETE CASCADE,
  kind    TEXT,
  PRIMARY KEY (ack, episode)
) STRICT, WITHOUT ROWID;
CREATE INDEX ack_episode_episode ON ack_episode (episode);
