-- Applications for the use of sites (TP-4), and the one table of everything that occupies a site.

-- Last number given out of a series of references. Gaps are of no matter.
CREATE TABLE reference_counter (
    series      TEXT NOT NULL PRIMARY KEY,
    last_number INTEGER NOT NULL
) STRICT;

CREATE TABLE reservation (
    id              TEXT NOT NULL PRIMARY KEY,
    reference       TEXT NOT NULL UNIQUE,
    title           TEXT NOT NULL,
    purpose         TEXT NOT NULL CONSTRAINT reservation_purpose CHECK (purpose <> ''),
    -- TP-5: no application is stored that was not declared official
    official        INTEGER NOT NULL CONSTRAINT reservation_official CHECK (official = 1),
    -- CLASS-2: what may not be held may not be stored
    classification  TEXT NOT NULL CONSTRAINT reservation_classification CHECK (classification IN ('TERBUKA', 'TERHAD', 'SULIT')),
    state           TEXT NOT NULL CONSTRAINT reservation_state CHECK (state IN ('submitted', 'approved', 'refused', 'withdrawn', 'lapsed', 'returned', 'displaced', 'waiting', 'offered')),
    agency_id       TEXT NOT NULL,
    applicant_id    TEXT NOT NULL,
    chair_id        TEXT NOT NULL,
    contact         TEXT,
    needs           TEXT,
    starts_at_ms    INTEGER NOT NULL,
    ends_at_ms      INTEGER NOT NULL,
    -- the civil day of use, and the last instant at which it could be applied for (TP-2)
    use_date        TEXT NOT NULL,
    received_at_ms  INTEGER NOT NULL,
    lawful_until_ms INTEGER NOT NULL,
    days_before_use INTEGER NOT NULL,
    policy_version  INTEGER NOT NULL REFERENCES lead_time_policy (version),
    -- two people let it through although it came too late (0132)
    override_id     TEXT REFERENCES rule_override (id),
    decided_by      TEXT,
    decided_at_ms   INTEGER,
    reason_code     TEXT CONSTRAINT reservation_reason_code CHECK (reason_code IN ('purpose_unclear', 'not_official', 'room_needed', 'documents_missing', 'consent_withheld', 'not_put_right', 'other')),
    reason          TEXT,
    CONSTRAINT reservation_span CHECK (ends_at_ms > starts_at_ms),
    CONSTRAINT reservation_lead_time CHECK (received_at_ms <= lawful_until_ms OR override_id IS NOT NULL),
    CONSTRAINT reservation_decided CHECK ((state IN ('approved', 'refused')) <= (decided_by IS NOT NULL AND decided_at_ms IS NOT NULL))
) STRICT;
CREATE INDEX reservation_by_agency ON reservation (agency_id, starts_at_ms);
CREATE INDEX reservation_by_state ON reservation (state, starts_at_ms);
CREATE INDEX reservation_by_applicant ON reservation (applicant_id, starts_at_ms);

-- Acts upon a reservation, as its own people see them; the audit trail holds them too, with more.
CREATE TABLE reservation_history (
    reservation_id TEXT NOT NULL REFERENCES reservation (id),
    number         INTEGER NOT NULL,
    at_ms          INTEGER NOT NULL,
    act            TEXT NOT NULL,
    person_id      TEXT,
    rule           TEXT,
    PRIMARY KEY (reservation_id, number)
) STRICT;

-- Everything that occupies a site: reservations, maintenance, blackout. No two that hold it overlap.
CREATE TABLE occupancy (
    id             TEXT NOT NULL PRIMARY KEY,
    reservation_id TEXT REFERENCES reservation (id),
    site_id        TEXT NOT NULL REFERENCES site (id),
    kind           TEXT NOT NULL CONSTRAINT occupancy_kind CHECK (kind IN ('reservation', 'maintenance', 'blackout', 'fault')),
    starts_at_ms   INTEGER NOT NULL,
    ends_at_ms     INTEGER NOT NULL,
    state          TEXT NOT NULL CONSTRAINT occupancy_state CHECK (state IN ('held', 'approved', 'in_use', 'blocked', 'released')),
    -- quarter hours; a month at most, so that the quarters of one row stay few
    CONSTRAINT occupancy_span CHECK (ends_at_ms > starts_at_ms AND starts_at_ms % 900000 = 0 AND ends_at_ms % 900000 = 0
        AND starts_at_ms >= 0 AND ends_at_ms - starts_at_ms <= 2678400000),
    CONSTRAINT occupancy_of_reservation CHECK ((kind = 'reservation') = (reservation_id IS NOT NULL)),
    UNIQUE (reservation_id, site_id)
) STRICT;
CREATE INDEX occupancy_by_site ON occupancy (site_id, starts_at_ms);

-- Who sits where (TP-3): the seat's number is the cap.
CREATE TABLE seat (
    occupancy_id   TEXT NOT NULL REFERENCES occupancy (id),
    reservation_id TEXT NOT NULL REFERENCES reservation (id),
    seat_no        INTEGER NOT NULL CONSTRAINT seat_cap CHECK (seat_no BETWEEN 1 AND 6),
    person_id      TEXT NOT NULL,
    PRIMARY KEY (occupancy_id, seat_no),
    -- nobody sits twice, neither at one site nor at two
    UNIQUE (reservation_id, person_id)
) STRICT;
CREATE INDEX seat_by_person ON seat (person_id);

-- What PostgreSQL says in one EXCLUDE constraint is said here twice. The BEFORE triggers refuse an overlap whatever the conflict
-- clause of the statement (OR IGNORE and OR REPLACE included); the quarters' primary key refuses it a second time.
CREATE TABLE occupancy_quarter (
    site_id      TEXT NOT NULL,
    quarter      INTEGER NOT NULL,
    occupancy_id TEXT NOT NULL REFERENCES occupancy (id),
    PRIMARY KEY (site_id, quarter)
) STRICT, WITHOUT ROWID;
CREATE INDEX occupancy_quarter_by_occupancy ON occupancy_quarter (occupancy_id);

CREATE TRIGGER occupancy_no_double_insert BEFORE INSERT ON occupancy WHEN NEW.state <> 'released'
BEGIN
    SELECT RAISE(ABORT, 'constraint:occupancy_no_double') FROM occupancy
    WHERE site_id = NEW.site_id AND state <> 'released' AND starts_at_ms < NEW.ends_at_ms AND NEW.starts_at_ms < ends_at_ms;
END;

CREATE TRIGGER occupancy_no_double_update BEFORE UPDATE ON occupancy WHEN NEW.state <> 'released'
BEGIN
    SELECT RAISE(ABORT, 'constraint:occupancy_no_double') FROM occupancy
    WHERE id <> OLD.id AND site_id = NEW.site_id AND state <> 'released' AND starts_at_ms < NEW.ends_at_ms AND NEW.starts_at_ms < ends_at_ms;
END;

CREATE TRIGGER occupancy_id_once BEFORE INSERT ON occupancy WHEN EXISTS (SELECT 1 FROM occupancy WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'constraint:occupancy_pkey');
END;

CREATE TRIGGER occupancy_quarters_insert AFTER INSERT ON occupancy WHEN NEW.state <> 'released'
BEGIN
    INSERT INTO occupancy_quarter (site_id, quarter, occupancy_id)
    SELECT NEW.site_id, n, NEW.id FROM (
        WITH RECURSIVE quarters (n) AS (
            SELECT NEW.starts_at_ms / 900000 UNION ALL SELECT n + 1 FROM quarters WHERE n + 1 < NEW.ends_at_ms / 900000
        ) SELECT n FROM quarters);
END;

CREATE TRIGGER occupancy_quarters_update AFTER UPDATE ON occupancy
BEGIN
    DELETE FROM occupancy_quarter WHERE occupancy_id = OLD.id;
    INSERT INTO occupancy_quarter (site_id, quarter, occupancy_id)
    SELECT NEW.site_id, n, NEW.id FROM (
        WITH RECURSIVE quarters (n) AS (
            SELECT NEW.starts_at_ms / 900000 UNION ALL SELECT n + 1 FROM quarters WHERE n + 1 < NEW.ends_at_ms / 900000
        ) SELECT n FROM quarters) WHERE NEW.state <> 'released';
END;

CREATE TRIGGER occupancy_no_delete BEFORE DELETE ON occupancy
BEGIN
    SELECT RAISE(ABORT, 'constraint:occupancy_no_delete');
END;

CREATE TRIGGER seat_pkey_insert BEFORE INSERT ON seat
    WHEN EXISTS (SELECT 1 FROM seat WHERE occupancy_id = NEW.occupancy_id AND seat_no = NEW.seat_no)
BEGIN
    SELECT RAISE(ABORT, 'constraint:seat_pkey');
END;

CREATE TRIGGER seat_person_once BEFORE INSERT ON seat
    WHEN EXISTS (SELECT 1 FROM seat WHERE reservation_id = NEW.reservation_id AND person_id = NEW.person_id)
BEGIN
    SELECT RAISE(ABORT, 'constraint:seat_reservation_id_person_id_key');
END;
