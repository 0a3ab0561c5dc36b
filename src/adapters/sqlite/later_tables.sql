-- How many segments of a day's budget are used.
CREATE TABLE IF NOT EXISTS spent (
    key   TEXT PRIMARY KEY,
    used  INTEGER NOT NULL,
    until INTEGER NOT NULL           -- milliseconds since 1970: the end of the day
) WITHOUT ROWID;

-- What one delivery has for itself for a while, such as the words of an answer to one number.
CREATE TABLE IF NOT EXISTS claims (
    key   TEXT PRIMARY KEY,
    by    TEXT NOT NULL,             -- the delivery's id
    until INTEGER NOT NULL           -- milliseconds since 1970
) WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS claims_until ON claims (until);
