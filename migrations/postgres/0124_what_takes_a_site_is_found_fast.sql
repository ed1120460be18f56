-- What takes a site in a stretch of time is one range of an index, however many years lie before it: nothing takes a site for more than 31 days
-- at a time (occupancy_span). All that is read of it stands in the index itself.
CREATE INDEX occupancy_taken ON occupancy (site_id, starts_at_ms, ends_at_ms, state, kind, reservation_id) WHERE state <> 'released';
