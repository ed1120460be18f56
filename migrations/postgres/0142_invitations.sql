-- What each person was last sent about a meeting (RFC 5546): who had a REQUEST, and nobody else, is sent a CANCEL.
CREATE TABLE invitation (
    meeting_id  TEXT NOT NULL REFERENCES meeting (id),
    person_id   TEXT NOT NULL,
    uid         TEXT NOT NULL,
    method      TEXT NOT NULL CONSTRAINT invitation_method CHECK (method IN ('REQUEST', 'CANCEL')),
    sequence    BIGINT NOT NULL CONSTRAINT invitation_sequence CHECK (sequence >= 0),
    -- SHA-256 of what the event said
    fingerprint TEXT NOT NULL,
    at_ms       BIGINT NOT NULL,
    PRIMARY KEY (meeting_id, person_id)
);

-- Meetings whose calendar entries may not be true any more. The triggers below know of every change, whoever makes it; the ledger is compared
-- a moment after the commit.
CREATE TABLE invitation_due (
    meeting_id TEXT NOT NULL PRIMARY KEY REFERENCES meeting (id),
    changes    BIGINT NOT NULL
);

-- An update where the row is there, and not nothing: whoever compares the ledger at this moment then waits for this change, and sees it.
CREATE FUNCTION invitation_due_of_meeting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO invitation_due (meeting_id, changes) VALUES (NEW.id, 1)
        ON CONFLICT (meeting_id) DO UPDATE SET changes = invitation_due.changes + 1;
    RETURN NULL;
END;
$$;
CREATE TRIGGER invitation_due_of_new_meeting AFTER INSERT ON meeting FOR EACH ROW EXECUTE FUNCTION invitation_due_of_meeting();
CREATE TRIGGER invitation_due_of_meeting AFTER UPDATE OF starts_at_ms, ends_at_ms, title, classification, host_id, ended_at_ms, end_reason ON meeting
    FOR EACH ROW EXECUTE FUNCTION invitation_due_of_meeting();

CREATE FUNCTION invitation_due_of_person() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO invitation_due (meeting_id, changes) VALUES (CASE WHEN TG_OP = 'DELETE' THEN OLD.meeting_id ELSE NEW.meeting_id END, 1)
        ON CONFLICT (meeting_id) DO UPDATE SET changes = invitation_due.changes + 1;
    RETURN NULL;
END;
$$;
CREATE TRIGGER invitation_due_of_person AFTER INSERT OR UPDATE OR DELETE ON meeting_person FOR EACH ROW EXECUTE FUNCTION invitation_due_of_person();
