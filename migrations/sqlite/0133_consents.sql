-- Use on a rest day or a holiday is asked of those who look after the room. An answer is to one slot: moved, it is asked again.
CREATE TABLE site_consent (
    reservation_id TEXT NOT NULL REFERENCES reservation (id),
    site_id        TEXT NOT NULL REFERENCES site (id),
    starts_at_ms   INTEGER NOT NULL,
    ends_at_ms     INTEGER NOT NULL,
    asked_at_ms    INTEGER NOT NULL,
    answer         TEXT CONSTRAINT site_consent_answer CHECK (answer IN ('given', 'withheld')),
    answered_by    TEXT,
    answered_at_ms INTEGER,
    words          TEXT,
    PRIMARY KEY (reservation_id, site_id, starts_at_ms, ends_at_ms),
    CONSTRAINT site_consent_answered CHECK ((answer IS NULL) = (answered_by IS NULL) AND (answer IS NULL) = (answered_at_ms IS NULL))
) STRICT;
CREATE INDEX site_consent_by_site ON site_consent (site_id, starts_at_ms);
