-- A mailbox is read in fair shares: no source fills a text while another waits.
-- held_until makes the index enough to pass over what may not leave yet.
ALTER TABLE notification ADD COLUMN source TEXT NOT NULL DEFAULT '';
UPDATE notification SET source =
  (SELECT e.source FROM episode e WHERE e.id = notification.episode);
DROP INDEX notification_waiting;
CREATE INDEX notification_waiting
  ON notification (recipient, severity, source, id, held_until) WHERE state = 'waiting';

-- How many episodes of each source are open, and not stale. Counted by the table itself,
-- so that no way to open, end or delete one can forget to.
CREATE TABLE source_open (
  source TEXT PRIMARY KEY,
  open   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO source_open (source, open) SELECT source, count(*) FROM episode
  WHERE ends_at IS NULL AND stale_at IS NULL GROUP BY source;
CREATE TRIGGER episode_opened AFTER INSERT ON episode
WHEN NEW.ends_at IS NULL AND NEW.stale_at IS NULL BEGIN
  INSERT INTO source_open (source, open) VALUES (NEW.source, 1)
    ON CONFLICT (source) DO UPDATE SET open = open + 1;
END;
CREATE TRIGGER episode_moved AFTER UPDATE OF ends_at, stale_at ON episode
WHEN (OLD.ends_at IS NULL AND OLD.stale_at IS NULL)
  != (NEW.ends_at IS NULL AND NEW.stale_at IS NULL) BEGIN
  INSERT INTO source_open (source, open) VALUES
    (NEW.source, iif(NEW.ends_at IS NULL AND NEW.stale_at IS NULL, 1, -1))
    ON CONFLICT (source) DO UPDATE SET open = open + excluded.open;
END;
CREATE TRIGGER episode_deleted AFTER DELETE ON episode
WHEN OLD.ends_at IS NULL AND OLD.stale_at IS NULL BEGIN
  UPDATE source_open SET open = open - 1 WHERE source = OLD.source;
END;
