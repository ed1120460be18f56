-- An approver who is away lends the role to somebody of the central agency, from one civil day to another, both included.
CREATE TABLE delegation (
    id            TEXT NOT NULL,
    lender_id     TEXT NOT NULL,
    delegate_id   TEXT NOT NULL,
    from_date     TEXT NOT NULL,
    to_date       TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    -- taken back, or given back, before its last day
    ended_at_ms   INTEGER,
    ended_by      TEXT,
    CONSTRAINT delegation_pkey PRIMARY KEY (id),
    CONSTRAINT delegation_lender_exists FOREIGN KEY (lender_id) REFERENCES person (id),
    CONSTRAINT delegation_delegate_exists FOREIGN KEY (delegate_id) REFERENCES person (id),
    CONSTRAINT delegation_span CHECK (from_date <= to_date),
    CONSTRAINT delegation_two_people CHECK (lender_id <> delegate_id),
    CONSTRAINT delegation_ended CHECK ((ended_at_ms IS NULL) = (ended_by IS NULL))
) STRICT;
CREATE INDEX delegation_by_delegate ON delegation (delegate_id, to_date);
CREATE INDEX delegation_by_lender ON delegation (lender_id, to_date);
