-- What is known of each piece of equipment beside its name (TP-6), and what was done to it. Its state is not stored: open faults say it.
ALTER TABLE equipment ADD COLUMN room_id TEXT REFERENCES room (id);
ALTER TABLE equipment ADD COLUMN serial TEXT;
ALTER TABLE equipment ADD COLUMN supplier TEXT;
ALTER TABLE equipment ADD COLUMN firmware TEXT;
-- civil dates
ALTER TABLE equipment ADD COLUMN bought_on TEXT;
ALTER TABLE equipment ADD COLUMN warranty_until TEXT;
ALTER TABLE equipment ADD COLUMN note TEXT;
-- the last self-test that it passed
ALTER TABLE equipment ADD COLUMN tested_at_ms INTEGER;
ALTER TABLE equipment ADD COLUMN retired_at_ms INTEGER;
-- counts the changes: who amends what has changed since it was read is refused
ALTER TABLE equipment ADD COLUMN version INTEGER NOT NULL DEFAULT 1;

CREATE TABLE equipment_history (
    equipment_id TEXT NOT NULL REFERENCES equipment (id),
    number       INTEGER NOT NULL,
    at_ms        INTEGER NOT NULL,
    act          TEXT NOT NULL CONSTRAINT equipment_history_act CHECK (act IN ('add', 'amend', 'test', 'retire', 'restore')),
    person_id    TEXT,
    -- names of the fields that changed, as a JSON list
    changed      TEXT NOT NULL,
    PRIMARY KEY (equipment_id, number)
) STRICT;
CREATE INDEX fault_by_equipment ON fault (equipment_id, state);
