-- The day of use: who checked in where, what nobody came to, what was extended. The minutes by which it goes stand in the policy.
CREATE TABLE site_use (
    reservation_id   TEXT NOT NULL REFERENCES reservation (id),
    site_id          TEXT NOT NULL REFERENCES site (id),
    checked_in_at_ms BIGINT,
    checked_in_by    TEXT CONSTRAINT site_use_checked_in_by CHECK (checked_in_by IN ('panel', 'joining', 'facilitator')),
    person_id        TEXT,
    device_id        TEXT,
    warned_at_ms     BIGINT,
    no_show_at_ms    BIGINT,
    PRIMARY KEY (reservation_id, site_id),
    -- whoever is quicker wins, and stays so
    CONSTRAINT site_use_one_state CHECK (checked_in_at_ms IS NULL OR no_show_at_ms IS NULL),
    CONSTRAINT site_use_checked_in CHECK ((checked_in_at_ms IS NULL) = (checked_in_by IS NULL))
);
CREATE INDEX site_use_by_no_show ON site_use (no_show_at_ms);

CREATE TABLE use_extension (
    reservation_id TEXT NOT NULL REFERENCES reservation (id),
    number         BIGINT NOT NULL,
    minutes        BIGINT NOT NULL CONSTRAINT use_extension_minutes CHECK (minutes > 0 AND minutes % 15 = 0),
    at_ms          BIGINT NOT NULL,
    person_id      TEXT,
    device_id      TEXT,
    PRIMARY KEY (reservation_id, number)
);
