-- A site as the central agency keeps it (TP-1): where it is, when it opens on each day of the week, its buffers, its rooms, until when it is used.
ALTER TABLE site ADD COLUMN region TEXT NOT NULL DEFAULT 'wp_putrajaya' CONSTRAINT site_region CHECK (region IN ('johor', 'kedah', 'kelantan', 'melaka', 'negeri_sembilan', 'pahang', 'perak', 'perlis', 'pulau_pinang', 'sabah', 'sarawak', 'selangor', 'terengganu', 'wp_kuala_lumpur', 'wp_labuan', 'wp_putrajaya'));
ALTER TABLE site ADD COLUMN address TEXT NOT NULL DEFAULT '';
-- kept free before and after each use, in quarter hours
ALTER TABLE site ADD COLUMN set_up_minutes INTEGER NOT NULL DEFAULT 0 CONSTRAINT site_set_up CHECK (set_up_minutes BETWEEN 0 AND 120 AND set_up_minutes % 15 = 0);
ALTER TABLE site ADD COLUMN clear_up_minutes INTEGER NOT NULL DEFAULT 0 CONSTRAINT site_clear_up CHECK (clear_up_minutes BETWEEN 0 AND 120 AND clear_up_minutes % 15 = 0);
-- how one gets in
ALTER TABLE site ADD COLUMN access_ms TEXT;
ALTER TABLE site ADD COLUMN access_en TEXT;
-- the first civil day on which it is not used any more
ALTER TABLE site ADD COLUMN closed_from TEXT;
-- counts the changes: who edits what has changed since it was read is refused
ALTER TABLE site ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE site ADD COLUMN changed_by TEXT;
ALTER TABLE site ADD COLUMN changed_at_ms INTEGER;
UPDATE site SET region = 'selangor' WHERE id = '019aa000-0000-7000-8000-00000000c001';
UPDATE site SET region = 'sarawak' WHERE id = '019aa000-0000-7000-8000-00000000c002';
UPDATE site SET region = 'sabah' WHERE id = '019aa000-0000-7000-8000-00000000c003';

-- Opening hours by the day of the week (ISO 8601: 1 is Monday). A day without a row is closed. A rest day of the region is not closed by that:
-- its use is the policy's matter. site.opens_minute and site.closes_minute span them all.
CREATE TABLE site_hours (
    site_id       TEXT NOT NULL REFERENCES site (id),
    weekday       INTEGER NOT NULL CONSTRAINT site_hours_weekday CHECK (weekday BETWEEN 1 AND 7),
    opens_minute  INTEGER NOT NULL,
    closes_minute INTEGER NOT NULL,
    PRIMARY KEY (site_id, weekday),
    CONSTRAINT site_hours_span CHECK (opens_minute >= 0 AND closes_minute <= 1440 AND opens_minute < closes_minute AND opens_minute % 15 = 0 AND closes_minute % 15 = 0)
) STRICT;
WITH weekdays (weekday) AS (VALUES (1), (2), (3), (4), (5), (6), (7))
INSERT INTO site_hours (site_id, weekday, opens_minute, closes_minute)
SELECT s.id, w.weekday, s.opens_minute, s.closes_minute FROM site s CROSS JOIN weekdays w;

-- A site has one room or more. One use at a time is the site's (TP-3), whichever room it names.
CREATE TABLE room (
    id            TEXT NOT NULL PRIMARY KEY,
    site_id       TEXT NOT NULL REFERENCES site (id),
    name          TEXT NOT NULL,
    floor         TEXT NOT NULL DEFAULT '',
    seats         INTEGER NOT NULL CONSTRAINT room_seats CHECK (seats BETWEEN 1 AND 6),
    -- whether a wheelchair gets in; nobody may have said yet
    wheelchair    TEXT NOT NULL DEFAULT 'unknown' CONSTRAINT room_wheelchair CHECK (wheelchair IN ('yes', 'no', 'unknown')),
    access_ms     TEXT,
    access_en     TEXT,
    -- taken out of the site's list; reservations may still name it
    retired_at_ms INTEGER
) STRICT;
CREATE INDEX room_by_site ON room (site_id, name);
INSERT INTO room (id, site_id, name, seats) VALUES
    ('019aa000-0000-7000-8000-00000000b001', '019aa000-0000-7000-8000-00000000c001', 'Bilik Telepresence', 6),
    ('019aa000-0000-7000-8000-00000000b002', '019aa000-0000-7000-8000-00000000c002', 'Bilik Telepresence', 6),
    ('019aa000-0000-7000-8000-00000000b003', '019aa000-0000-7000-8000-00000000c003', 'Bilik Telepresence', 6);

-- The room that a reservation names at this site, if it names one.
ALTER TABLE occupancy ADD COLUMN room_id TEXT REFERENCES room (id);

-- What a change of a site or of its calendar left standing on a reservation (TP-3: more people than seats), until somebody sees to it.
CREATE TABLE reservation_flag (
    reservation_id TEXT NOT NULL REFERENCES reservation (id),
    site_id        TEXT NOT NULL REFERENCES site (id),
    kind           TEXT NOT NULL CONSTRAINT reservation_flag_kind CHECK (kind IN ('seats', 'hours', 'closed', 'holiday', 'rest_day')),
    raised_at_ms   INTEGER NOT NULL,
    cleared_at_ms  INTEGER,
    PRIMARY KEY (reservation_id, site_id, kind)
) STRICT;
CREATE INDEX reservation_flag_open ON reservation_flag (cleared_at_ms, raised_at_ms);
