CREATE TABLE lines (
    number TEXT PRIMARY KEY,
    line   TEXT NOT NULL             -- JSON
) WITHOUT ROWID;

-- Further numbers of lines.
CREATE TABLE reply_numbers (
    number TEXT PRIMARY KEY,
    line   TEXT NOT NULL             -- the line's number
) WITHOUT ROWID;

CREATE INDEX reply_numbers_line ON reply_numbers (line);

CREATE TABLE overrides (
    line     TEXT NOT NULL,          -- the line's number
    person   TEXT NOT NULL,
    override TEXT NOT NULL,          -- JSON
    PRIMARY KEY (line, person)
) WITHOUT ROWID;

CREATE TABLE conversations (
    line         TEXT NOT NULL,      -- the line's number
    customer     TEXT NOT NULL,      -- the customer's
    digits       TEXT NOT NULL,      -- the last four of the customer's
    version      INTEGER NOT NULL,
    conversation TEXT NOT NULL,      -- JSON
    PRIMARY KEY (line, customer)
);

-- Who else's number ends in the same digits. Over an expression, every use would compile its query anew.
CREATE INDEX conversations_alike ON conversations (line, digits, customer);

-- The conversations of each person: those that wait, then the others, by time.
CREATE TABLE participants (
    line     TEXT NOT NULL,          -- the line's number
    person   TEXT NOT NULL,          -- the person's
    waits    INTEGER NOT NULL,       -- 1 if the customer waits for an answer
    at       INTEGER NOT NULL,       -- milliseconds since 1970: since when they wait, or the last text
    customer TEXT NOT NULL,          -- the customer's number
    PRIMARY KEY (line, person, waits, at, customer)
) WITHOUT ROWID;

-- What is known of a person of a line besides: what they are asked, and wrong PINs.
CREATE TABLE persons (
    line    TEXT NOT NULL,           -- the line's number
    person  TEXT NOT NULL,           -- the person's
    version INTEGER NOT NULL,
    state   TEXT NOT NULL,           -- JSON
    PRIMARY KEY (line, person)
) WITHOUT ROWID;

-- The last day of each line that is not to be compared with Twilio's list any more.
CREATE TABLE reconciled (
    line TEXT PRIMARY KEY,           -- the line's number
    day  TEXT NOT NULL               -- such as 2026-11-22, by the line's clock
) WITHOUT ROWID;

-- Up to when the texts of each line are known to have come, by Twilio's list.
CREATE TABLE caught_up (
    line TEXT PRIMARY KEY,           -- the line's number
    at   INTEGER NOT NULL            -- milliseconds since 1970
) WITHOUT ROWID;

-- With row ids, unlike the small ones: long rows then stand one after the other in the order in which
-- they came, and not on a page of their own each, beside a tree in the order of their random SIDs.
CREATE TABLE inbounds (
    sid    TEXT PRIMARY KEY,
    record TEXT NOT NULL             -- JSON
);

CREATE TABLE deliveries (
    id       TEXT PRIMARY KEY,
    version  INTEGER NOT NULL,
    bulk     INTEGER NOT NULL,       -- 1 if it is one of many texts, which wait for the others
    due      INTEGER,                -- milliseconds since 1970; NULL once nothing is due
    delivery TEXT NOT NULL           -- JSON
);

CREATE INDEX deliveries_due ON deliveries (bulk, due) WHERE due IS NOT NULL;

CREATE TABLE sent (
    sid      TEXT PRIMARY KEY,       -- Twilio's name for the message
    delivery TEXT NOT NULL           -- whose it is
) WITHOUT ROWID;

-- Which deliveries gave up: few, and not in the way of the many others.
CREATE TABLE given_up (
    id TEXT PRIMARY KEY,
    at INTEGER NOT NULL              -- milliseconds since 1970
) WITHOUT ROWID;

CREATE TABLE notices (
    id      TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    line    TEXT NOT NULL,           -- the line's number
    topic   TEXT NOT NULL,
    subject TEXT,
    due     INTEGER,                 -- milliseconds since 1970; NULL once no page is left
    notice  TEXT NOT NULL            -- JSON
);

CREATE INDEX notices_due ON notices (due) WHERE due IS NOT NULL;

CREATE INDEX notices_subject ON notices (line, topic, subject)
    WHERE subject IS NOT NULL;

CREATE TABLE calls (
    sid     TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    line    TEXT NOT NULL,           -- the line's number
    opened  INTEGER NOT NULL,        -- milliseconds since 1970
    due     INTEGER,                 -- milliseconds since 1970; NULL once nobody has to look at it again
    call    TEXT NOT NULL            -- JSON
);

CREATE INDEX calls_line ON calls (line, opened, sid);

CREATE INDEX calls_due ON calls (due) WHERE due IS NOT NULL;

-- The calls of each line that go on, and the last that came.
CREATE TABLE line_calls (
    line    TEXT PRIMARY KEY,        -- the line's number
    version INTEGER NOT NULL,
    calls   TEXT NOT NULL            -- JSON
) WITHOUT ROWID;

-- What callers said after the tone.
CREATE TABLE voicemails (
    token TEXT PRIMARY KEY,          -- the digest of what its link ends with
    call  TEXT,                      -- the call's SID
    until INTEGER,                   -- milliseconds since 1970; NULL until the sound is kept
    sound BLOB
);

CREATE INDEX voicemails_call ON voicemails (call);

CREATE INDEX voicemails_until ON voicemails (until) WHERE until IS NOT NULL;

-- How each recipient of a notice stands, to be counted.
CREATE TABLE recipients (
    notice   TEXT NOT NULL,
    delivery TEXT NOT NULL,
    standing TEXT NOT NULL,
    PRIMARY KEY (notice, delivery)
) WITHOUT ROWID;

CREATE TABLE opt_outs (
    line    TEXT NOT NULL,           -- the line's number
    number  TEXT NOT NULL,
    opt_out TEXT NOT NULL,           -- JSON
    PRIMARY KEY (line, number)
) WITHOUT ROWID;

-- Who ever subscribed to a line's topics; those who left stay on record.
CREATE TABLE subscribers (
    line       TEXT NOT NULL,        -- the line's number
    topic      TEXT NOT NULL,        -- its name
    number     TEXT NOT NULL,
    is_active  INTEGER NOT NULL,     -- 1 if it gets the topic's notices
    subscriber TEXT NOT NULL,        -- JSON
    PRIMARY KEY (line, topic, number)
) WITHOUT ROWID;

CREATE INDEX subscribers_number ON subscribers (line, number);

CREATE TABLE paces (
    key TEXT PRIMARY KEY,
    tat INTEGER NOT NULL             -- milliseconds since 1970; once passed, as good as no row
) WITHOUT ROWID;

CREATE INDEX paces_tat ON paces (tat);

-- Signatures of requests that came over HTTP, so that none comes twice.
CREATE TABLE signatures (
    digest TEXT PRIMARY KEY,
    until  INTEGER NOT NULL          -- milliseconds since 1970; after that it is too old anyway
) WITHOUT ROWID;

CREATE INDEX signatures_until ON signatures (until);

-- What was due and was tried too often in vain.
CREATE TABLE dead_letters (
    name    TEXT PRIMARY KEY,        -- the id of a delivery, or of a notice for its next page
    message TEXT NOT NULL            -- JSON
);
