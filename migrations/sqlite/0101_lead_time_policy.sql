-- TP-2 with its versions: a reservation keeps the version by which it was judged.
CREATE TABLE lead_time_policy (
    version           INTEGER NOT NULL PRIMARY KEY,
    days              INTEGER NOT NULL CONSTRAINT lead_time_policy_days CHECK (days BETWEEN 0 AND 365),
    effective_from_ms INTEGER NOT NULL UNIQUE
) STRICT;

-- In force since the service began (G2014 6.2(c)(I)).
INSERT INTO lead_time_policy (version, days, effective_from_ms) VALUES (1, 3, 0);
