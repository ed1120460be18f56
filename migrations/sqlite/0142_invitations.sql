-- What each person was last sent about a meeting (RFC 5546): who had a REQUEST, and nobody else, is sent a CANCEL.
CREATE TABLE invitation (
    meeting_id  TEXT NOT NULL REFERENCES meeting (id),
    person_id   TEXT NOT NULL,
    uid         TEXT NOT NULL,
    method      TEXT NOT NULL CONSTRAINT invitation_method CHECK (method IN ('REQUEST', 'CANCEL')),
    sequence    INTEGER NOT NULL CONSTRAINT invitation_sequence CHECK (sequence >= 0),
    -- SHA-256 of what the event said
    fingerprint TEXT NOT NULL,
    at_ms       INTEGER NOT NULL,
    PRIMARY KEY (meeting_id, person_id)
) STRICT;

-- Meetings whose calendar entries may not be true any more. The triggers below know of every change, whoever makes it; the ledger is compared
-- a moment after the commit.
CREATE TABLE invitation_due (
    meeting_id TEXT NOT NULL PRIMARY KEY REFERENCES meeting (id),
    changes    INTEGER NOT NULL
) STRICT;

CREATE TRIGGER invitation_due_of_new_meeting AFTER INSERT ON meeting
BEGIN
    INSERT INTO invitation_due (meeting_id, changes) VALUES (NEW.id, 1) ON CONFLICT (meeting_id) DO UPDATE SET changes = changes + 1;
END;

CREATE TRIGGER invitation_due_of_meeting AFTER UPDATE OF starts_at_ms, ends_at_ms, title, classification, host_id, ended_at_ms, end_reason ON meeting
BEGIN
    INSERT INTO invitation_due (meeting_id, changes) VALUES (NEW.id, 1) ON CONFLICT (meeting_id) DO UPDATE SET changes = changes + 1;
END;

CREATE TRIGGER invitation_due_of_new_person AFTER INSERT ON meeting_person
BEGIN
    INSERT INTO invitation_due (meeting_id, changes) VALUES (NEW.meeting_id, 1) ON CONFLICT (meeting_id) DO UPDATE SET changes = changes + 1;
END;

CREATE TRIGGER invitation_due_of_person AFTER UPDATE ON meeting_person
BEGIN
    INSERT INTO invitation_due (meeting_id, changes) VALUES (NEW.meeting_id, 1) ON CONFLICT (meeting_id) DO UPDATE SET changes = changes + 1;
END;

CREATE TRIGGER invitation_due_of_person_gone AFTER DELETE ON meeting_person
BEGIN
    INSERT INTO invitation_due (meeting_id, changes) VALUES (OLD.meeting_id, 1) ON CONFLICT (meeting_id) DO UPDATE SET changes = changes + 1;
END;
