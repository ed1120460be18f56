-- What is done about a fault, act by act: from these rows follow its state and how long it has waited in working hours.
ALTER TABLE fault ADD COLUMN assigned_to TEXT;
ALTER TABLE fault ADD COLUMN waits_for TEXT CONSTRAINT fault_waits_for CHECK (waits_for IN ('parts', 'vendor', 'access'));
ALTER TABLE fault ADD COLUMN outcome TEXT CONSTRAINT fault_outcome CHECK (outcome IN ('repaired', 'replaced', 'adjusted', 'no_fault_found', 'not_mended'));
ALTER TABLE fault ADD COLUMN outcome_note TEXT;
ALTER TABLE fault ADD COLUMN changed_at_ms BIGINT;
-- the last reminder that was sent, and the civil day of it
ALTER TABLE fault ADD COLUMN reminded TEXT CONSTRAINT fault_reminded CHECK (reminded IN ('due_soon', 'overdue'));
ALTER TABLE fault ADD COLUMN reminded_on TEXT;
CREATE INDEX fault_by_state ON fault (state, reported_at_ms);

CREATE TABLE fault_event (
    fault_id  TEXT NOT NULL REFERENCES fault (id),
    number    BIGINT NOT NULL,
    at_ms     BIGINT NOT NULL,
    kind      TEXT NOT NULL CONSTRAINT fault_event_kind CHECK (kind IN ('report', 'assign', 'severity', 'start', 'wait', 'resume', 'mend', 'close', 'reopen',
        'comment', 'block', 'unblock')),
    -- of a severity, a reason to wait, an outcome: its name; of an assignment: the person
    value     TEXT,
    note      TEXT,
    person_id TEXT,
    PRIMARY KEY (fault_id, number)
);

-- Within how many working minutes a fault is mended, by severity; the version in force when it is looked at.
CREATE TABLE fault_target (
    severity          TEXT NOT NULL CONSTRAINT fault_target_severity CHECK (severity IN ('s1', 's2', 's3', 's4')),
    effective_from_ms BIGINT NOT NULL,
    minutes           BIGINT NOT NULL CONSTRAINT fault_target_minutes CHECK (minutes BETWEEN 15 AND 60000),
    set_by            TEXT,
    PRIMARY KEY (severity, effective_from_ms)
);
INSERT INTO fault_target (severity, effective_from_ms, minutes) VALUES ('s1', 0, 240), ('s2', 0, 540), ('s3', 0, 2700), ('s4', 0, 8100);
