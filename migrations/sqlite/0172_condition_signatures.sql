-- A condition report with two signatures (TP-7): who filed it and as what, and what the other side says to it; the fault that a defect became;
-- and how often somebody was reminded of one that is owed.
ALTER TABLE condition_report ADD COLUMN filed_as TEXT NOT NULL DEFAULT 'facilitator' CONSTRAINT condition_report_filed_as CHECK (filed_as IN ('user', 'facilitator'));
ALTER TABLE condition_report ADD COLUMN answer TEXT CONSTRAINT condition_report_answer CHECK (answer IN ('confirmed', 'dissented'));
ALTER TABLE condition_report ADD COLUMN answered_by TEXT;
ALTER TABLE condition_report ADD COLUMN answered_at_ms INTEGER;
ALTER TABLE condition_report ADD COLUMN answer_note TEXT;
ALTER TABLE condition_point ADD COLUMN fault_id TEXT REFERENCES fault (id);

CREATE TABLE condition_reminder (
    reservation_id TEXT NOT NULL REFERENCES reservation (id),
    site_id        TEXT NOT NULL REFERENCES site (id),
    number         INTEGER NOT NULL CONSTRAINT condition_reminder_number CHECK (number BETWEEN 1 AND 3),
    at_ms          INTEGER NOT NULL,
    -- the civil day of it at the site
    on_date        TEXT NOT NULL,
    PRIMARY KEY (reservation_id, site_id, number)
) STRICT;
