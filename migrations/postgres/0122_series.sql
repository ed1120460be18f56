-- A series: at most twelve dated occurrences, each a reservation of its own.
CREATE TABLE reservation_series (
    id            TEXT NOT NULL PRIMARY KEY,
    agency_id     TEXT NOT NULL,
    created_by    TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    -- occurrences asked for; those that were left out with consent have no reservation
    occurrences   BIGINT NOT NULL CONSTRAINT reservation_series_length CHECK (occurrences BETWEEN 2 AND 12)
);
ALTER TABLE reservation ADD COLUMN series_id TEXT REFERENCES reservation_series (id);
ALTER TABLE reservation ADD COLUMN series_no BIGINT;
CREATE UNIQUE INDEX reservation_series_id_series_no_key ON reservation (series_id, series_no);
