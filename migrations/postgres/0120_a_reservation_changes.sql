-- A reservation that is amended, ends with a reason, and holds its sites for so long and no longer.
-- counts every change: who sends one back says which version was read
ALTER TABLE reservation ADD COLUMN version BIGINT NOT NULL DEFAULT 1 CONSTRAINT reservation_version CHECK (version >= 1);
-- SEQUENCE of the calendar object (RFC 5545, section 3.8.7.4)
ALTER TABLE reservation ADD COLUMN sequence BIGINT NOT NULL DEFAULT 0 CONSTRAINT reservation_sequence CHECK (sequence >= 0);
-- until when an application holds its sites while nobody decides
ALTER TABLE reservation ADD COLUMN hold_expires_at_ms BIGINT;
-- who took it back, when and why
ALTER TABLE reservation ADD COLUMN ended_by TEXT;
ALTER TABLE reservation ADD COLUMN ended_at_ms BIGINT;
ALTER TABLE reservation ADD COLUMN end_reason TEXT;
CREATE INDEX reservation_by_hold ON reservation (state, hold_expires_at_ms);

-- a site that an amendment took off: the row stays, because an occupancy is released and never deleted
ALTER TABLE occupancy ADD COLUMN removed_at_ms BIGINT CONSTRAINT occupancy_removed CHECK (removed_at_ms IS NULL OR state = 'released');

-- Those who join from a browser, without a seat at a site.
CREATE TABLE reservation_online (
    reservation_id TEXT NOT NULL REFERENCES reservation (id),
    person_id      TEXT NOT NULL,
    PRIMARY KEY (reservation_id, person_id)
);
CREATE INDEX reservation_online_by_person ON reservation_online (person_id);
