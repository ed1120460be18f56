-- Why a site cannot be used for a while: a fault, planned work, a closure. What it takes of the site stands in occupancy, under the same
-- constraint as every booking, so that no booking and no block ever meet.
CREATE TABLE site_block (
    id               TEXT NOT NULL PRIMARY KEY,
    site_id          TEXT NOT NULL REFERENCES site (id),
    kind             TEXT NOT NULL CONSTRAINT site_block_kind CHECK (kind IN ('fault', 'maintenance', 'blackout')),
    fault_id         TEXT REFERENCES fault (id),
    note             TEXT,
    starts_at_ms     BIGINT NOT NULL,
    -- none while nobody knows when the fault is mended
    ends_at_ms       BIGINT,
    -- up to here the site is taken: the end, or the last step of a block without one
    covered_until_ms BIGINT NOT NULL,
    created_by       TEXT,
    created_at_ms    BIGINT NOT NULL,
    lifted_by        TEXT,
    lifted_at_ms     BIGINT,
    CONSTRAINT site_block_span CHECK (ends_at_ms IS NULL OR ends_at_ms >= starts_at_ms),
    CONSTRAINT site_block_open CHECK (kind = 'fault' OR ends_at_ms IS NOT NULL),
    CONSTRAINT site_block_of_fault CHECK ((kind = 'fault') = (fault_id IS NOT NULL))
);
CREATE INDEX site_block_by_site ON site_block (site_id, covered_until_ms);
CREATE INDEX site_block_by_fault ON site_block (fault_id);

ALTER TABLE occupancy ADD COLUMN block_id TEXT REFERENCES site_block (id);
CREATE INDEX occupancy_by_block ON occupancy (block_id);

-- Bookings that lost a room to a block, and what became of each.
CREATE TABLE displacement (
    block_id        TEXT NOT NULL REFERENCES site_block (id),
    reservation_id  TEXT NOT NULL REFERENCES reservation (id),
    occupancy_id    TEXT NOT NULL REFERENCES occupancy (id),
    -- where the booking stood, and its hold on the room
    from_state      TEXT NOT NULL,
    occupancy_state TEXT NOT NULL,
    at_ms           BIGINT NOT NULL,
    outcome         TEXT CONSTRAINT displacement_outcome CHECK (outcome IN ('resited', 'online', 'restored')),
    outcome_by      TEXT,
    outcome_at_ms   BIGINT,
    PRIMARY KEY (block_id, reservation_id),
    CONSTRAINT displacement_settled CHECK ((outcome IS NULL) = (outcome_at_ms IS NULL))
);
CREATE INDEX displacement_by_reservation ON displacement (reservation_id);
