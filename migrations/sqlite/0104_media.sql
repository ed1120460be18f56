-- Booking's end of the link to the media plane: the facts that came, and what is known by them. Commands leave by the outbox.
CREATE TABLE media_node (
    id             TEXT NOT NULL PRIMARY KEY,
    incarnation    TEXT NOT NULL,
    -- highest number stored of this incarnation
    stored         INTEGER NOT NULL,
    -- highest command carried out
    acknowledged   INTEGER NOT NULL,
    seen_at_ms     INTEGER NOT NULL
) STRICT;

CREATE TABLE media_fact (
    node_id      TEXT NOT NULL,
    incarnation  TEXT NOT NULL,
    number       INTEGER NOT NULL,
    at_ms        INTEGER NOT NULL,
    meeting_id   TEXT NOT NULL,
    fact         TEXT NOT NULL,
    stored_at_ms INTEGER NOT NULL,
    PRIMARY KEY (node_id, incarnation, number)
) STRICT;
CREATE INDEX media_fact_by_meeting ON media_fact (meeting_id, at_ms);

-- Who was in a meeting, from when until when (CLASS-7: the record of a TERHAD or SULIT meeting stays here).
CREATE TABLE attendance (
    session_id   TEXT NOT NULL PRIMARY KEY,
    meeting_id   TEXT NOT NULL REFERENCES meeting (id),
    person_id    TEXT NOT NULL,
    site_id      TEXT,
    seat_no      INTEGER,
    node_id      TEXT NOT NULL,
    incarnation  TEXT NOT NULL,
    joined_at_ms INTEGER NOT NULL,
    left_at_ms   INTEGER,
    reason       TEXT
) STRICT;
CREATE INDEX attendance_by_meeting ON attendance (meeting_id, left_at_ms);
CREATE INDEX attendance_by_node ON attendance (node_id, incarnation, left_at_ms);

-- Where in the meeting somebody stood: breakout rooms, and the main room again. Who never left the main room has no row.
CREATE TABLE attendance_room (
    session_id TEXT NOT NULL,
    -- of the fact
    number     INTEGER NOT NULL,
    meeting_id TEXT NOT NULL REFERENCES meeting (id),
    at_ms      INTEGER NOT NULL,
    -- name of the breakout room; NULL: the main room
    breakout   TEXT,
    PRIMARY KEY (session_id, at_ms, number)
) STRICT;
CREATE INDEX attendance_room_by_meeting ON attendance_room (meeting_id);

CREATE TABLE recording (
    id            TEXT NOT NULL PRIMARY KEY,
    meeting_id    TEXT NOT NULL REFERENCES meeting (id),
    started_by    TEXT NOT NULL,
    node_id       TEXT NOT NULL,
    incarnation   TEXT NOT NULL,
    started_at_ms INTEGER NOT NULL,
    duration_ms   INTEGER,
    bytes         INTEGER,
    state         TEXT NOT NULL CONSTRAINT recording_state CHECK (state IN ('running', 'kept', 'sealed', 'failed')),
    -- JSON list of the tracks
    tracks        TEXT NOT NULL
) STRICT;
CREATE INDEX recording_by_meeting ON recording (meeting_id, started_at_ms);
CREATE INDEX recording_by_node ON recording (node_id, incarnation, state);
