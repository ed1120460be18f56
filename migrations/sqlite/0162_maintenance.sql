-- Planned work on a site: its block, what is to be done, and what came of it.
CREATE TABLE maintenance (
    id            TEXT NOT NULL PRIMARY KEY,
    reference     TEXT NOT NULL UNIQUE,
    -- works planned together, by the first of them
    series_id     TEXT NOT NULL,
    site_id       TEXT NOT NULL REFERENCES site (id),
    block_id      TEXT NOT NULL REFERENCES site_block (id),
    title         TEXT NOT NULL CONSTRAINT maintenance_title CHECK (title <> ''),
    note          TEXT,
    -- sooner than the notice that users of the room are given, and why
    urgent_reason TEXT,
    starts_at_ms  INTEGER NOT NULL,
    ends_at_ms    INTEGER NOT NULL,
    state         TEXT NOT NULL CONSTRAINT maintenance_state CHECK (state IN ('planned', 'in_work', 'done', 'cancelled')),
    outcome       TEXT CONSTRAINT maintenance_outcome CHECK (outcome IN ('done', 'done_in_part', 'not_done')),
    outcome_note  TEXT,
    planned_by    TEXT NOT NULL,
    planned_at_ms INTEGER NOT NULL,
    ended_by      TEXT,
    ended_at_ms   INTEGER,
    CONSTRAINT maintenance_span CHECK (ends_at_ms > starts_at_ms),
    CONSTRAINT maintenance_ended CHECK ((state IN ('done', 'cancelled')) = (ended_at_ms IS NOT NULL))
) STRICT;
CREATE INDEX maintenance_by_site ON maintenance (site_id, starts_at_ms);

CREATE TABLE maintenance_item (
    maintenance_id TEXT NOT NULL REFERENCES maintenance (id),
    number         INTEGER NOT NULL,
    words          TEXT NOT NULL CONSTRAINT maintenance_item_words CHECK (words <> ''),
    done           INTEGER NOT NULL CHECK (done IN (0, 1)),
    note           TEXT,
    PRIMARY KEY (maintenance_id, number)
) STRICT;
