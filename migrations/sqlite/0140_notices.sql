-- What somebody is told. It commits with the change that it tells of; the words are made where it is shown or mailed, in the language of the person.
CREATE TABLE notice (
    id         TEXT NOT NULL PRIMARY KEY,
    person_id  TEXT NOT NULL,
    kind       TEXT NOT NULL,
    -- the reservation, meeting, fault or block that it is about, and which of its changes: told once each
    object_id  TEXT NOT NULL,
    version    INTEGER NOT NULL,
    -- JSON. Of what is classified it holds the reference and the time alone (CLASS-5, CLASS-7)
    payload    TEXT NOT NULL,
    at_ms      INTEGER NOT NULL,
    read_at_ms INTEGER,
    CONSTRAINT notice_person_id_kind_object_id_version_key UNIQUE (person_id, kind, object_id, version)
) STRICT;
CREATE INDEX notice_by_person ON notice (person_id, id);
CREATE INDEX notice_unread ON notice (person_id) WHERE read_at_ms IS NULL;
CREATE INDEX notice_by_age ON notice (at_ms);
