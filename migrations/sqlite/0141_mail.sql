-- Mail that waits, was sent, or could not be: a notice on its way to one person. Sent at least once, under a Message-ID made of the id.
CREATE TABLE mail (
    id             TEXT NOT NULL PRIMARY KEY,
    notice_id      TEXT NOT NULL REFERENCES notice (id),
    person_id      TEXT NOT NULL,
    -- JSON of the calendar part (RFC 5546), where it has one
    calendar       TEXT,
    state          TEXT NOT NULL CONSTRAINT mail_state CHECK (state IN ('waiting', 'sent', 'failed', 'dropped')),
    attempts       INTEGER NOT NULL,
    -- not before; while it is being sent, when whoever sends it is taken to have died
    next_try_at_ms INTEGER NOT NULL,
    created_at_ms  INTEGER NOT NULL,
    settled_at_ms  INTEGER,
    -- what the last attempt met: a code and the reply of the mail server, without addresses
    failure        TEXT,
    CONSTRAINT mail_settled CHECK ((state = 'waiting') = (settled_at_ms IS NULL))
) STRICT;
CREATE INDEX mail_waiting ON mail (person_id, id) WHERE state = 'waiting';
CREATE INDEX mail_by_state ON mail (state, id);
CREATE INDEX mail_by_notice ON mail (notice_id);
