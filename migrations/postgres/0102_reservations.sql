-- btree_gist lets the exclusion constraint below compare a site by equality; it is a trusted extension since PostgreSQL 13.
CREATE EXTENSION IF NOT EXISTS btree_gist;

-- Applications for the use of sites (TP-4), and the one table of everything that occupies a site.

-- Last number given out of a series of references. Gaps are of no matter.
CREATE TABLE reference_counter (
    series      TEXT NOT NULL PRIMARY KEY,
    last_number BIGINT NOT NULL
);

CREATE TABLE reservation (
    id              TEXT NOT NULL PRIMARY KEY,
    reference       TEXT NOT NULL UNIQUE,
    title           TEXT NOT NULL,
    purpose         TEXT NOT NULL CONSTRAINT reservation_purpose CHECK (purpose <> ''),
    -- TP-5: no application is stored that was not declared official
    official        BOOLEAN NOT NULL CONSTRAINT reservation_official CHECK (official = TRUE),
    -- CLASS-2: what may not be held may not be stored
    classification  TEXT NOT NULL CONSTRAINT reservation_classification CHECK (classification IN ('TERBUKA', 'TERHAD', 'SULIT')),
    state           TEXT NOT NULL CONSTRAINT reservation_state CHECK (state IN ('submitted', 'approved', 'refused', 'withdrawn', 'lapsed', 'returned', 'displaced', 'waiting', 'offered')),
    agency_id       TEXT NOT NULL,
    applicant_id    TEXT NOT NULL,
    chair_id        TEXT NOT NULL,
    contact         TEXT,
    needs           TEXT,
    starts_at_ms    BIGINT NOT NULL,
    ends_at_ms      BIGINT NOT NULL,
    -- the civil day of use, and the last instant at which it could be applied for (TP-2)
    use_date        TEXT NOT NULL,
    received_at_ms  BIGINT NOT NULL,
    lawful_until_ms BIGINT NOT NULL,
    days_before_use BIGINT NOT NULL,
    policy_version  BIGINT NOT NULL REFERENCES lead_time_policy (version),
    -- two people let it through although it came too late (0132)
    override_id     TEXT,
    decided_by      TEXT,
    decided_at_ms   BIGINT,
    reason_code     TEXT CONSTRAINT reservation_reason_code CHECK (reason_code IN ('purpose_unclear', 'not_official', 'room_needed', 'documents_missing', 'consent_withheld', 'not_put_right', 'other')),
    reason          TEXT,
    CONSTRAINT reservation_span CHECK (ends_at_ms > starts_at_ms),
    CONSTRAINT reservation_lead_time CHECK (received_at_ms <= lawful_until_ms OR override_id IS NOT NULL),
    CONSTRAINT reservation_decided CHECK ((state IN ('approved', 'refused')) <= (decided_by IS NOT NULL AND decided_at_ms IS NOT NULL))
);
CREATE INDEX reservation_by_agency ON reservation (agency_id, starts_at_ms);
CREATE INDEX reservation_by_state ON reservation (state, starts_at_ms);
CREATE INDEX reservation_by_applicant ON reservation (applicant_id, starts_at_ms);

-- Acts upon a reservation, as its own people see them; the audit trail holds them too, with more.
CREATE TABLE reservation_history (
    reservation_id TEXT NOT NULL REFERENCES reservation (id),
    number         BIGINT NOT NULL,
    at_ms          BIGINT NOT NULL,
    act            TEXT NOT NULL,
    person_id      TEXT,
    rule           TEXT,
    PRIMARY KEY (reservation_id, number)
);

-- Everything that occupies a site: reservations, maintenance, blackout. No two that hold it overlap.
CREATE TABLE occupancy (
    id             TEXT NOT NULL PRIMARY KEY,
    reservation_id TEXT REFERENCES reservation (id),
    site_id        TEXT NOT NULL REFERENCES site (id),
    kind           TEXT NOT NULL CONSTRAINT occupancy_kind CHECK (kind IN ('reservation', 'maintenance', 'blackout', 'fault')),
    starts_at_ms   BIGINT NOT NULL,
    ends_at_ms     BIGINT NOT NULL,
    state          TEXT NOT NULL CONSTRAINT occupancy_state CHECK (state IN ('held', 'approved', 'in_use', 'blocked', 'released')),
    -- quarter hours; a month at most, so that the quarters of one row stay few
    CONSTRAINT occupancy_span CHECK (ends_at_ms > starts_at_ms AND starts_at_ms % 900000 = 0 AND ends_at_ms % 900000 = 0
        AND starts_at_ms >= 0 AND ends_at_ms - starts_at_ms <= 2678400000),
    CONSTRAINT occupancy_of_reservation CHECK ((kind = 'reservation') = (reservation_id IS NOT NULL)),
    UNIQUE (reservation_id, site_id),
    CONSTRAINT occupancy_no_double EXCLUDE USING gist (site_id WITH =, int8range(starts_at_ms, ends_at_ms, '[)') WITH &&) WHERE (state <> 'released')
);
CREATE INDEX occupancy_by_site ON occupancy (site_id, starts_at_ms);

-- Who sits where (TP-3): the seat's number is the cap.
CREATE TABLE seat (
    occupancy_id   TEXT NOT NULL REFERENCES occupancy (id),
    reservation_id TEXT NOT NULL REFERENCES reservation (id),
    seat_no        BIGINT NOT NULL CONSTRAINT seat_cap CHECK (seat_no BETWEEN 1 AND 6),
    person_id      TEXT NOT NULL,
    PRIMARY KEY (occupancy_id, seat_no),
    -- nobody sits twice, neither at one site nor at two
    UNIQUE (reservation_id, person_id)
);
CREATE INDEX seat_by_person ON seat (person_id);

CREATE FUNCTION occupancy_refuse_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'an occupancy is released, never deleted' USING ERRCODE = 'check_violation', CONSTRAINT = 'occupancy_no_delete';
END;
$$;
CREATE TRIGGER occupancy_no_delete BEFORE DELETE ON occupancy FOR EACH ROW EXECUTE FUNCTION occupancy_refuse_delete();
