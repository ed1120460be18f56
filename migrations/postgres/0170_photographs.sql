-- Photographs of rooms, of what was found after use, and of faults (TP-6, TP-7). The pictures themselves lie sealed in the data folder.
CREATE TABLE photograph (
    id              TEXT NOT NULL PRIMARY KEY,
    -- a person, or a room's own panel, where nobody signs in
    uploader_kind   TEXT NOT NULL CONSTRAINT photograph_uploader CHECK (uploader_kind IN ('person', 'device')),
    uploader_id     TEXT NOT NULL,
    uploaded_at_ms  BIGINT NOT NULL,
    width           BIGINT NOT NULL,
    height          BIGINT NOT NULL,
    bytes           BIGINT NOT NULL,
    -- SHA-256 of the picture as it is kept
    digest          TEXT NOT NULL,
    subject_kind    TEXT CONSTRAINT photograph_subject CHECK (subject_kind IN ('condition', 'fault', 'site', 'equipment')),
    subject_id      TEXT,
    -- its place among those of one subject
    place           BIGINT,
    -- since when nothing has shown it; it is taken out a day later
    orphan_since_ms BIGINT,
    CONSTRAINT photograph_attached CHECK ((subject_kind IS NULL) = (subject_id IS NULL) AND (subject_kind IS NULL) = (place IS NULL)
        AND (subject_kind IS NULL) = (orphan_since_ms IS NOT NULL))
);
CREATE INDEX photograph_by_subject ON photograph (subject_kind, subject_id, place);
CREATE INDEX photograph_by_uploader ON photograph (uploader_kind, uploader_id, uploaded_at_ms);
CREATE INDEX photograph_orphans ON photograph (orphan_since_ms) WHERE orphan_since_ms IS NOT NULL;
