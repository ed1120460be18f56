-- Applications that are not yet sent: a page that was closed goes on where it was left.
CREATE TABLE reservation_draft (
    id            TEXT NOT NULL PRIMARY KEY,
    person_id     TEXT NOT NULL,
    version       INTEGER NOT NULL,
    -- JSON: any of the fields of an application
    content       TEXT NOT NULL,
    -- the reservation that it was copied from
    copied_from   TEXT REFERENCES reservation (id),
    created_at_ms INTEGER NOT NULL,
    updated_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX reservation_draft_by_person ON reservation_draft (person_id, updated_at_ms);
