-- An exception from a rule of time, which two people answer for. Classification (CLASS-2), six at a site (TP-3) and overlap have no column here.
CREATE TABLE rule_override (
    id             TEXT NOT NULL PRIMARY KEY,
    -- asked for by an approver, or the consequence of moving a reservation away from a room out of order
    origin         TEXT NOT NULL CONSTRAINT rule_override_origin CHECK (origin IN ('asked', 'resiting')),
    state          TEXT NOT NULL CONSTRAINT rule_override_state CHECK (state IN ('asked', 'confirmed', 'declined')),
    -- the agency that it is for, and when
    agency_id      TEXT NOT NULL,
    starts_at_ms   BIGINT NOT NULL,
    ends_at_ms     BIGINT NOT NULL,
    -- what it lets through: TP-2, the sites' hours, rest days and holidays without consent
    lead_time      BOOLEAN NOT NULL,
    opening_hours  BOOLEAN NOT NULL,
    rest_day       BOOLEAN NOT NULL,
    -- the reservation that it is for, or that made use of it
    reservation_id TEXT REFERENCES reservation (id),
    reason         TEXT NOT NULL CONSTRAINT rule_override_reason CHECK (reason <> ''),
    asked_by       TEXT,
    -- the approver whose role the asker acts in as a delegate
    asked_for      TEXT,
    asked_at_ms    BIGINT NOT NULL,
    decided_by     TEXT,
    decided_for    TEXT,
    decided_at_ms  BIGINT,
    words          TEXT,
    CONSTRAINT rule_override_span CHECK (ends_at_ms > starts_at_ms),
    CONSTRAINT rule_override_something CHECK (lead_time OR opening_hours OR rest_day),
    CONSTRAINT rule_override_asked CHECK (origin = 'resiting' OR asked_by IS NOT NULL),
    CONSTRAINT rule_override_decided CHECK ((state = 'asked') = (decided_by IS NULL) AND (state = 'asked') = (decided_at_ms IS NULL)),
    CONSTRAINT rule_override_two_people CHECK (asked_by IS NULL OR decided_by IS NULL OR asked_by <> decided_by)
);
CREATE INDEX rule_override_by_state ON rule_override (state, asked_at_ms);
CREATE INDEX rule_override_by_agency ON rule_override (agency_id, starts_at_ms);
CREATE INDEX rule_override_by_reservation ON rule_override (reservation_id);
CREATE INDEX rule_override_by_decision ON rule_override (decided_at_ms);

CREATE TABLE rule_override_site (
    override_id TEXT NOT NULL REFERENCES rule_override (id),
    site_id     TEXT NOT NULL REFERENCES site (id),
    PRIMARY KEY (override_id, site_id)
);

-- SQLite has it in the table itself.
ALTER TABLE reservation ADD CONSTRAINT reservation_override_exists FOREIGN KEY (override_id) REFERENCES rule_override (id);
