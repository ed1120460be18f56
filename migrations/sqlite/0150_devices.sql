-- Room systems and door panels: the devices of a site, each by the key that it holds and never gives away.
CREATE TABLE device (
    id                       TEXT NOT NULL PRIMARY KEY,
    site_id                  TEXT NOT NULL REFERENCES site (id),
    -- a panel shows and checks in; a room system joins too
    kind                     TEXT NOT NULL CONSTRAINT device_kind CHECK (kind IN ('panel', 'room_system')),
    name                     TEXT NOT NULL,
    -- thumbprint of its public key (RFC 7638): one that was revoked is never taken again
    jkt                      TEXT NOT NULL UNIQUE,
    enrolled_by              TEXT NOT NULL,
    confirmed_by             TEXT NOT NULL,
    enrolled_at_ms           INTEGER NOT NULL,
    -- SHA-256 of the credential that it was given last; the one before is void
    credential_hash          TEXT,
    credential_expires_at_ms INTEGER,
    seen_at_ms               INTEGER,
    revoked_at_ms            INTEGER,
    revoked_by               TEXT,
    CONSTRAINT device_two_people CHECK (enrolled_by <> confirmed_by)
) STRICT;
CREATE INDEX device_by_site ON device (site_id, revoked_at_ms);

-- A code on a device's screen, until somebody of the site enters it and a second person confirms.
CREATE TABLE device_enrolment (
    id             TEXT NOT NULL PRIMARY KEY,
    jkt            TEXT NOT NULL,
    code_hash      TEXT NOT NULL UNIQUE,
    state          TEXT NOT NULL CONSTRAINT device_enrolment_state CHECK (state IN ('waiting', 'entered', 'confirmed', 'refused')),
    created_at_ms  INTEGER NOT NULL,
    expires_at_ms  INTEGER NOT NULL,
    site_id        TEXT REFERENCES site (id),
    kind           TEXT CONSTRAINT device_enrolment_kind CHECK (kind IN ('panel', 'room_system')),
    name           TEXT,
    entered_by     TEXT,
    entered_at_ms  INTEGER,
    confirmed_by   TEXT,
    CONSTRAINT device_enrolment_two_people CHECK (confirmed_by IS NULL OR confirmed_by <> entered_by),
    CONSTRAINT device_enrolment_entered CHECK ((state = 'waiting') = (entered_by IS NULL))
) STRICT;
CREATE INDEX device_enrolment_by_time ON device_enrolment (expires_at_ms);

-- Codes that were entered and are none: five of one person, then a pause.
CREATE TABLE device_code_try (
    person_id TEXT NOT NULL,
    at_ms     INTEGER NOT NULL
) STRICT;
CREATE INDEX device_code_try_by_person ON device_code_try (person_id, at_ms);

-- Proofs of possession that were shown, for as long as they could be shown again.
CREATE TABLE device_proof (
    jkt   TEXT NOT NULL,
    jti   TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (jkt, jti)
) STRICT;
CREATE INDEX device_proof_by_time ON device_proof (at_ms);

-- A room system's stay: its person_id is the device, by the same UUID.
ALTER TABLE attendance ADD COLUMN device_id TEXT;
