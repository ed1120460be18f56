-- How much use the central agency wants of an agency each month (DESK-2). An agency without a row is held to the service's own level.
CREATE TABLE wanted_use (
    agency_id       TEXT NOT NULL PRIMARY KEY,
    uses_each_month INTEGER NOT NULL CONSTRAINT wanted_use_bounds CHECK (uses_each_month BETWEEN 0 AND 1000),
    set_by          TEXT NOT NULL,
    set_at_ms       INTEGER NOT NULL
) STRICT;
