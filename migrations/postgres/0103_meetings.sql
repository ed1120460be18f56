-- What one joins: online meetings, and the meeting of an approved reservation. Join grants and the keys that sign them.
CREATE TABLE meeting (
    id             TEXT NOT NULL PRIMARY KEY,
    kind           TEXT NOT NULL CONSTRAINT meeting_kind CHECK (kind IN ('online', 'telepresence')),
    reservation_id TEXT UNIQUE REFERENCES reservation (id),
    title          TEXT NOT NULL,
    classification TEXT NOT NULL,
    host_id        TEXT NOT NULL,
    starts_at_ms   BIGINT NOT NULL,
    ends_at_ms     BIGINT NOT NULL,
    opens_at_ms    BIGINT NOT NULL,
    closes_at_ms   BIGINT NOT NULL,
    -- counts the changes that void earlier grants
    epoch          BIGINT NOT NULL,
    created_at_ms  BIGINT NOT NULL,
    ended_at_ms    BIGINT,
    -- who waits before the door until somebody inside lets them in
    lobby          TEXT NOT NULL CONSTRAINT meeting_lobby CHECK (lobby IN ('off', 'for_guests', 'for_everyone')),
    end_reason     TEXT CONSTRAINT meeting_end_reason CHECK (end_reason IN ('ended', 'withdrawn', 'classification', 'displaced', 'no_show')),
    CONSTRAINT meeting_span CHECK (opens_at_ms <= starts_at_ms AND starts_at_ms < ends_at_ms AND ends_at_ms <= closes_at_ms),
    CONSTRAINT meeting_telepresence CHECK ((kind = 'telepresence') = (reservation_id IS NOT NULL)),
    -- CLASS-2: a meeting raised above SULIT has ended at that instant
    CONSTRAINT meeting_classification CHECK (classification IN ('TERBUKA', 'TERHAD', 'SULIT')
        OR (classification IN ('RAHSIA', 'RAHSIA_BESAR') AND ended_at_ms IS NOT NULL))
);
CREATE INDEX meeting_by_time ON meeting (starts_at_ms);

-- MEET-8: the meeting's own group. Nobody else is let in.
CREATE TABLE meeting_person (
    meeting_id    TEXT NOT NULL REFERENCES meeting (id),
    person_id     TEXT NOT NULL,
    role          TEXT NOT NULL CONSTRAINT meeting_person_role CHECK (role IN ('host', 'co_host', 'member', 'guest')),
    site_id       TEXT REFERENCES site (id),
    seat_no       BIGINT CONSTRAINT meeting_person_seat CHECK (seat_no BETWEEN 1 AND 6),
    removed_at_ms BIGINT,
    PRIMARY KEY (meeting_id, person_id),
    CONSTRAINT meeting_person_seated CHECK ((site_id IS NULL) = (seat_no IS NULL))
);
CREATE INDEX meeting_person_by_person ON meeting_person (person_id);

-- Every join grant and recording grant that was minted; the token itself is kept nowhere.
CREATE TABLE minted_grant (
    id            TEXT NOT NULL PRIMARY KEY,
    kind          TEXT NOT NULL CONSTRAINT minted_grant_kind CHECK (kind IN ('join', 'recording_view')),
    meeting_id    TEXT NOT NULL REFERENCES meeting (id),
    recording_id  TEXT,
    person_id     TEXT NOT NULL,
    epoch         BIGINT NOT NULL,
    key_id        TEXT NOT NULL,
    issued_at_ms  BIGINT NOT NULL,
    expires_at_ms BIGINT NOT NULL
);
CREATE INDEX minted_grant_by_meeting ON minted_grant (meeting_id, issued_at_ms);

-- Signing keys (Ed25519, PKCS #8), sealed under the key-encryption key of the data folder (SEC-2). One signs at a time.
CREATE TABLE signing_key (
    id            TEXT NOT NULL PRIMARY KEY,
    -- AES-256-GCM: nonce, then cipher text and tag; the id is the additional data
    sealed        BYTEA NOT NULL,
    public_key    BYTEA NOT NULL,
    created_at_ms BIGINT NOT NULL,
    -- 1 for the one key that signs
    active        BIGINT CONSTRAINT signing_key_active CHECK (active = 1) UNIQUE,
    retired_at_ms BIGINT,
    CONSTRAINT signing_key_retired CHECK ((active IS NULL) = (retired_at_ms IS NOT NULL))
);

-- What was said to everyone, and what polls came to, where the classification lets it be kept (CLASS-5). A meeting that is raised keeps none.
CREATE TABLE meeting_record (
    meeting_id TEXT NOT NULL REFERENCES meeting (id),
    kind       TEXT NOT NULL CONSTRAINT meeting_record_kind CHECK (kind IN ('said', 'poll')),
    -- the media node's life in which it was numbered
    incarnation TEXT NOT NULL,
    number     BIGINT NOT NULL,
    at_ms      BIGINT NOT NULL,
    person_id  TEXT NOT NULL,
    -- JSON: the line, or the poll with its results
    content    TEXT NOT NULL,
    PRIMARY KEY (meeting_id, kind, incarnation, number)
);
