-- TP-2 with its versions: a reservation keeps the version by which it was judged.
CREATE TABLE lead_time_policy (
    version           BIGINT NOT NULL PRIMARY KEY,
    days              BIGINT NOT NULL CONSTRAINT lead_time_policy_days CHECK (days BETWEEN 0 AND 365),
    effective_from_ms BIGINT NOT NULL UNIQUE
);

-- In force since the service began (G2014 6.2(c)(I)).
INSERT INTO lead_time_policy (version, days, effective_from_ms) VALUES (1, 3, 0);
