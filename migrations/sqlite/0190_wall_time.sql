-- By which offsets from UTC the instants of bookings are stored, each from its instant on: an update of the zone rules that says otherwise is
-- found before anything is booked by it.
CREATE TABLE zone_offset (
    from_ms  INTEGER NOT NULL PRIMARY KEY,
    offset_s INTEGER NOT NULL CONSTRAINT zone_offset_bounds CHECK (offset_s BETWEEN -64800 AND 64800)
) STRICT;

INSERT INTO zone_offset (from_ms, offset_s) VALUES (0, 28800);
