-- What takes a site in a stretch of time is one range of an index, however many years lie before it: nothing takes a site for more than 31 days
-- at a time (occupancy_span). All that is read of it stands in the index itself.
CREATE INDEX occupancy_taken ON occupancy (site_id, starts_at_ms, ends_at_ms, state, kind, reservation_id) WHERE state <> 'released';

DROP TRIGGER occupancy_no_double_insert;
CREATE TRIGGER occupancy_no_double_insert BEFORE INSERT ON occupancy WHEN NEW.state <> 'released'
BEGIN
    SELECT RAISE(ABORT, 'constraint:occupancy_no_double') FROM occupancy
    WHERE site_id = NEW.site_id AND state <> 'released' AND starts_at_ms < NEW.ends_at_ms AND NEW.starts_at_ms < ends_at_ms
        AND starts_at_ms > NEW.starts_at_ms - 2678400000;
END;

DROP TRIGGER occupancy_no_double_update;
CREATE TRIGGER occupancy_no_double_update BEFORE UPDATE ON occupancy WHEN NEW.state <> 'released'
BEGIN
    SELECT RAISE(ABORT, 'constraint:occupancy_no_double') FROM occupancy
    WHERE id <> OLD.id AND site_id = NEW.site_id AND state <> 'released' AND starts_at_ms < NEW.ends_at_ms AND NEW.starts_at_ms < ends_at_ms
        AND starts_at_ms > NEW.starts_at_ms - 2678400000;
END;
