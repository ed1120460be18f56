-- An application that was sent back: what is to be put right, and until when its sites stay held for it.
CREATE TABLE reservation_return (
    reservation_id    TEXT NOT NULL REFERENCES reservation (id),
    number            BIGINT NOT NULL,
    returned_by       TEXT NOT NULL,
    returned_at_ms    BIGINT NOT NULL,
    deadline_at_ms    BIGINT NOT NULL,
    words             TEXT NOT NULL CONSTRAINT reservation_return_words CHECK (words <> ''),
    resubmitted_at_ms BIGINT,
    CONSTRAINT reservation_return_pkey PRIMARY KEY (reservation_id, number),
    CONSTRAINT reservation_return_span CHECK (deadline_at_ms > returned_at_ms)
);
CREATE INDEX reservation_return_open ON reservation_return (deadline_at_ms) WHERE resubmitted_at_ms IS NULL;

CREATE TABLE reservation_return_field (
    reservation_id TEXT NOT NULL,
    number         BIGINT NOT NULL,
    field          TEXT NOT NULL CONSTRAINT reservation_return_field_known CHECK (field IN ('title', 'purpose', 'classification', 'sites', 'time', 'people', 'chair', 'contact', 'needs')),
    CONSTRAINT reservation_return_field_pkey PRIMARY KEY (reservation_id, number, field),
    FOREIGN KEY (reservation_id, number) REFERENCES reservation_return (reservation_id, number)
);
