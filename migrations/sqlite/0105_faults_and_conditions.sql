-- Faults (TP-6) and the condition report that ends each use (TP-7).
CREATE TABLE fault (
    id             TEXT NOT NULL PRIMARY KEY,
    reference      TEXT NOT NULL UNIQUE,
    site_id        TEXT NOT NULL REFERENCES site (id),
    equipment_id   TEXT REFERENCES equipment (id),
    reservation_id TEXT REFERENCES reservation (id),
    severity       TEXT NOT NULL CONSTRAINT fault_severity CHECK (severity IN ('s1', 's2', 's3', 's4')),
    description    TEXT NOT NULL CONSTRAINT fault_description CHECK (description <> ''),
    state          TEXT NOT NULL CONSTRAINT fault_state CHECK (state IN ('open', 'assigned', 'in_work', 'waiting', 'mended', 'closed')),
    -- a person, or the room's own panel, where nobody signs in
    reported_by    TEXT,
    reported_from  TEXT,
    reported_at_ms INTEGER NOT NULL,
    CONSTRAINT fault_reporter CHECK ((reported_by IS NULL) <> (reported_from IS NULL))
) STRICT;
CREATE INDEX fault_by_site ON fault (site_id, reported_at_ms);

CREATE TABLE condition_report (
    id             TEXT NOT NULL PRIMARY KEY,
    reservation_id TEXT NOT NULL REFERENCES reservation (id),
    site_id        TEXT NOT NULL REFERENCES site (id),
    note           TEXT,
    filed_by       TEXT NOT NULL,
    filed_at_ms    INTEGER NOT NULL,
    UNIQUE (reservation_id, site_id)
) STRICT;
CREATE INDEX condition_report_by_site ON condition_report (site_id, filed_at_ms);

CREATE TABLE condition_point (
    condition_id TEXT NOT NULL REFERENCES condition_report (id),
    point        TEXT NOT NULL CONSTRAINT condition_point_name CHECK (point IN ('camera', 'microphone', 'display', 'sound', 'furniture', 'cleanliness')),
    sound        INTEGER NOT NULL CHECK (sound IN (0, 1)),
    note         TEXT,
    PRIMARY KEY (condition_id, point)
) STRICT;
