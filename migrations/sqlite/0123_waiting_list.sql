-- The waiting list: an application whose sites are taken waits, and is offered them in its turn for a while.
-- its place: numbers grow and are never given twice
ALTER TABLE reservation ADD COLUMN waiting_no INTEGER;
ALTER TABLE reservation ADD COLUMN offer_expires_at_ms INTEGER;
CREATE UNIQUE INDEX reservation_waiting_no_key ON reservation (waiting_no);
