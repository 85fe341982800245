-- Which route took the alert (its id, NULL for what no route took): templates, segments
-- and spend are its own.
ALTER TABLE notification ADD COLUMN route TEXT;

-- When a post last named the episode; when it was found stale (its source is silent).
ALTER TABLE episode ADD COLUMN seen_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE episode ADD COLUMN stale_at INTEGER;
UPDATE episode SET seen_at = opened_seen;

-- A flapping alert fires again within its episode: how often it fired, since when it
-- fires this time, and when we heard of that.
ALTER TABLE episode ADD COLUMN flaps INTEGER NOT NULL DEFAULT 0;
ALTER TABLE episode ADD COLUMN refired_at INTEGER;
ALTER TABLE episode ADD COLUMN refired_seen INTEGER;

-- The alert without its severity: a warning and its critical are of one kin.
ALTER TABLE episode ADD COLUMN kin TEXT NOT NULL DEFAULT '';
CREATE INDEX episode_kin ON episode (kin) WHERE ends_at IS NULL AND kin != '';
CREATE INDEX episode_seen ON episode (seen_at) WHERE ends_at IS NULL AND stale_at IS NULL;

-- Repeats used to be written down without being told. Nothing is owed for them.
DELETE FROM notification WHERE reason = 'repeat_recorded';
