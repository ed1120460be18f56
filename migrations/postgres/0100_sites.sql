-- Places with a telepresence room, and what stands in them (TP-1, TP-6).
CREATE TABLE site (
    id            TEXT NOT NULL PRIMARY KEY,
    name          TEXT NOT NULL,
    short_name    TEXT NOT NULL UNIQUE,
    city          TEXT NOT NULL,
    -- IANA name: instants are UTC everywhere else, this is where a civil day begins
    time_zone     TEXT NOT NULL,
    -- TP-3
    seats         BIGINT NOT NULL CONSTRAINT site_seats CHECK (seats BETWEEN 1 AND 6),
    -- minutes of the civil day
    opens_minute  BIGINT NOT NULL,
    closes_minute BIGINT NOT NULL,
    CONSTRAINT site_hours CHECK (opens_minute >= 0 AND closes_minute <= 1440 AND opens_minute < closes_minute AND opens_minute % 15 = 0 AND closes_minute % 15 = 0)
);

CREATE TABLE equipment (
    id          TEXT NOT NULL PRIMARY KEY,
    site_id     TEXT NOT NULL REFERENCES site (id),
    -- on its label and in the address of its QR code; for good
    tag         TEXT NOT NULL UNIQUE CONSTRAINT equipment_tag CHECK (length(tag) BETWEEN 3 AND 24),
    name        TEXT NOT NULL CONSTRAINT equipment_name CHECK (name <> ''),
    kind        TEXT NOT NULL CONSTRAINT equipment_kind CHECK (kind IN ('camera', 'microphones', 'display', 'codec', 'speakers', 'touch_panel', 'network', 'power', 'lighting', 'air_conditioning', 'furniture', 'other')),
    -- what its failure means: the room cannot be used, is used with difficulty, or only looks it
    criticality TEXT NOT NULL CONSTRAINT equipment_criticality CHECK (criticality IN ('critical', 'degrades', 'cosmetic')),
    critical    BOOLEAN NOT NULL GENERATED ALWAYS AS (criticality = 'critical') STORED
);
CREATE INDEX equipment_by_site ON equipment (site_id);

INSERT INTO site (id, name, short_name, city, time_zone, seats, opens_minute, closes_minute) VALUES
    ('019aa000-0000-7000-8000-00000000c001', 'MAMPU Cyberjaya', 'CBJ', 'Cyberjaya', 'Asia/Kuala_Lumpur', 6, 480, 1020),
    ('019aa000-0000-7000-8000-00000000c002', 'MAMPU Cawangan Sarawak', 'SWK', 'Kuching', 'Asia/Kuala_Lumpur', 6, 480, 1020),
    ('019aa000-0000-7000-8000-00000000c003', 'MAMPU Cawangan Sabah', 'SBH', 'Kota Kinabalu', 'Asia/Kuala_Lumpur', 6, 480, 1020);

INSERT INTO equipment (id, site_id, tag, name, kind, criticality) VALUES
    ('019aa000-0000-7000-8000-00000000e101', '019aa000-0000-7000-8000-00000000c001', 'CBJ-CAM-1', 'Kamera utama', 'camera', 'critical'),
    ('019aa000-0000-7000-8000-00000000e102', '019aa000-0000-7000-8000-00000000c001', 'CBJ-MIC-1', 'Mikrofon meja', 'microphones', 'critical'),
    ('019aa000-0000-7000-8000-00000000e103', '019aa000-0000-7000-8000-00000000c001', 'CBJ-DSP-1', 'Paparan utama', 'display', 'degrades'),
    ('019aa000-0000-7000-8000-00000000e104', '019aa000-0000-7000-8000-00000000c001', 'CBJ-COD-1', 'Kodek persidangan', 'codec', 'critical'),
    ('019aa000-0000-7000-8000-00000000e201', '019aa000-0000-7000-8000-00000000c002', 'SWK-CAM-1', 'Kamera utama', 'camera', 'critical'),
    ('019aa000-0000-7000-8000-00000000e202', '019aa000-0000-7000-8000-00000000c002', 'SWK-MIC-1', 'Mikrofon meja', 'microphones', 'critical'),
    ('019aa000-0000-7000-8000-00000000e203', '019aa000-0000-7000-8000-00000000c002', 'SWK-DSP-1', 'Paparan utama', 'display', 'degrades'),
    ('019aa000-0000-7000-8000-00000000e204', '019aa000-0000-7000-8000-00000000c002', 'SWK-COD-1', 'Kodek persidangan', 'codec', 'critical'),
    ('019aa000-0000-7000-8000-00000000e301', '019aa000-0000-7000-8000-00000000c003', 'SBH-CAM-1', 'Kamera utama', 'camera', 'critical'),
    ('019aa000-0000-7000-8000-00000000e302', '019aa000-0000-7000-8000-00000000c003', 'SBH-MIC-1', 'Mikrofon meja', 'microphones', 'critical'),
    ('019aa000-0000-7000-8000-00000000e303', '019aa000-0000-7000-8000-00000000c003', 'SBH-DSP-1', 'Paparan utama', 'display', 'degrades'),
    ('019aa000-0000-7000-8000-00000000e304', '019aa000-0000-7000-8000-00000000c003', 'SBH-COD-1', 'Kodek persidangan', 'codec', 'critical');
