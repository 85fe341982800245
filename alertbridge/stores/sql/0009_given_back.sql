-- An SMS that a gateway says did not arrive gives its place in the pace back, and is kept:
-- only so many do in an hour, whatever a gateway says.
ALTER TABLE sent ADD COLUMN given_back INTEGER NOT NULL DEFAULT 0;
