-- What takes a site in a stretch of time is one range of an index, however many years lie before it: nothing takes a site for more than 31 days
-- at a time (occupancy_span). All that is told of it to everybody stands in the index itself; only titles are read where they are kept.

-- Of the reservation, kept by triggers: whose use it is, and when the use itself begins and ends.
ALTER TABLE occupancy ADD COLUMN agency_id TEXT;
ALTER TABLE occupancy ADD COLUMN use_starts_at_ms BIGINT;
ALTER TABLE occupancy ADD COLUMN use_ends_at_ms BIGINT;

CREATE INDEX occupancy_taken ON occupancy (site_id, starts_at_ms)
    INCLUDE (ends_at_ms, state, kind, agency_id, use_starts_at_ms, use_ends_at_ms, reservation_id) WHERE state <> 'released';

CREATE FUNCTION occupancy_use_of_its_reservation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT agency_id, starts_at_ms, ends_at_ms INTO NEW.agency_id, NEW.use_starts_at_ms, NEW.use_ends_at_ms
    FROM reservation WHERE id = NEW.reservation_id;
    RETURN NEW;
END;
$$;
CREATE TRIGGER occupancy_use_insert BEFORE INSERT ON occupancy FOR EACH ROW WHEN (NEW.reservation_id IS NOT NULL)
    EXECUTE FUNCTION occupancy_use_of_its_reservation();

CREATE FUNCTION occupancy_use_follows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE occupancy SET agency_id = NEW.agency_id, use_starts_at_ms = NEW.starts_at_ms, use_ends_at_ms = NEW.ends_at_ms
    WHERE reservation_id = NEW.id;
    RETURN NULL;
END;
$$;
CREATE TRIGGER occupancy_use_update AFTER UPDATE OF agency_id, starts_at_ms, ends_at_ms ON reservation FOR EACH ROW
    EXECUTE FUNCTION occupancy_use_follows();
