-- Calendars that somebody subscribed to: read-only, at an address that nobody else can know. Of the address only a hash is here.
CREATE TABLE calendar_feed (
    id               TEXT NOT NULL PRIMARY KEY,
    person_id        TEXT NOT NULL,
    kind             TEXT NOT NULL CONSTRAINT calendar_feed_kind CHECK (kind IN ('person', 'agency', 'site')),
    -- of a feed of a site
    site_id          TEXT REFERENCES site (id),
    token_hash       TEXT NOT NULL,
    created_at_ms    BIGINT NOT NULL,
    last_used_at_ms  BIGINT,
    revoked_at_ms    BIGINT,
    -- SHA-256 of what it said when it was last read, and since when it has said that
    content_hash     TEXT NOT NULL,
    changed_at_ms    BIGINT NOT NULL,
    CONSTRAINT calendar_feed_token_hash_key UNIQUE (token_hash),
    CONSTRAINT calendar_feed_of_site CHECK ((kind = 'site') = (site_id IS NOT NULL))
);
CREATE INDEX calendar_feed_by_person ON calendar_feed (person_id, id);
