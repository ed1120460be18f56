-- What takes a site in a stretch of time is one range of an index, however many years lie before it: nothing takes a site for more than 31 days
-- at a time (occupancy_span). All that is told of it to everybody stands in the index itself; only titles are read where they are kept.

-- Of the reservation, kept by triggers: whose use it is, and when the use itself begins and ends.
ALTER TABLE occupancy ADD COLUMN agency_id TEXT;
ALTER TABLE occupancy ADD COLUMN use_starts_at_ms INTEGER;
ALTER TABLE occupancy ADD COLUMN use_ends_at_ms INTEGER;

CREATE INDEX occupancy_taken ON occupancy
    (site_id, starts_at_ms, ends_at_ms, state, kind, agency_id, use_starts_at_ms, use_ends_at_ms, reservation_id) WHERE state <> 'released';

DROP TRIGGER occupancy_no_double_insert;
CREATE TRIGGER occupancy_no_double_insert BEFORE INSERT ON occupancy WHEN NEW.state <> 'released'
BEGIN
    SELECT RAISE(ABORT, 'constraint:occupancy_no_double') FROM occupancy
    WHERE site_id = NEW.site_id AND state <> 'released' AND starts_at_ms < NEW.ends_at_ms AND NEW.starts_at_ms < ends_at_ms
        AND starts_at_ms > NEW.starts_at_ms - 2678400000;
END;

DROP TRIGGER occupancy_no_double_update;
CREATE TRIGGER occupancy_no_double_update BEFORE UPDATE OF site_id, starts_at_ms, ends_at_ms, state ON occupancy WHEN NEW.state <> 'released'
BEGIN
    SELECT RAISE(ABORT, 'constraint:occupancy_no_double') FROM occupancy
    WHERE id <> OLD.id AND site_id = NEW.site_id AND state <> 'released' AND starts_at_ms < NEW.ends_at_ms AND NEW.starts_at_ms < ends_at_ms
        AND starts_at_ms > NEW.starts_at_ms - 2678400000;
END;

DROP TRIGGER occupancy_quarters_update;
CREATE TRIGGER occupancy_quarters_update AFTER UPDATE OF id, site_id, starts_at_ms, ends_at_ms, state ON occupancy
BEGIN
    DELETE FROM occupancy_quarter WHERE occupancy_id = OLD.id;
    INSERT INTO occupancy_quarter (site_id, quarter, occupancy_id)
    SELECT NEW.site_id, n, NEW.id FROM (
        WITH RECURSIVE quarters (n) AS (
            SELECT NEW.starts_at_ms / 900000 UNION ALL SELECT n + 1 FROM quarters WHERE n + 1 < NEW.ends_at_ms / 900000
        ) SELECT n FROM quarters) WHERE NEW.state <> 'released';
END;

CREATE TRIGGER occupancy_use_insert AFTER INSERT ON occupancy WHEN NEW.reservation_id IS NOT NULL
BEGIN
    UPDATE occupancy SET (agency_id, use_starts_at_ms, use_ends_at_ms) =
        (SELECT agency_id, starts_at_ms, ends_at_ms FROM reservation WHERE id = NEW.reservation_id)
    WHERE id = NEW.id;
END;

CREATE TRIGGER occupancy_use_update AFTER UPDATE OF agency_id, starts_at_ms, ends_at_ms ON reservation
BEGIN
    UPDATE occupancy SET agency_id = NEW.agency_id, use_starts_at_ms = NEW.starts_at_ms, use_ends_at_ms = NEW.ends_at_ms
    WHERE reservation_id = NEW.id;
END;
