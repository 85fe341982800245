-- When the provider's list is asked about an uncertain submission (NULL: never, or not
-- any more), and how often it was not in it.
ALTER TABLE submission ADD COLUMN look_at INTEGER;
ALTER TABLE submission ADD COLUMN looks INTEGER NOT NULL DEFAULT 0;

-- The provider whose answer nobody saw: the next one is preferred.
ALTER TABLE notification ADD COLUMN doubted TEXT;
