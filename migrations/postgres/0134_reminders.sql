-- What those who decide were told of an application that waits. A round begins with the application and with each time it comes back.
CREATE TABLE decision_reminder (
    reservation_id TEXT NOT NULL REFERENCES reservation (id),
    -- the instant from which the application waits
    waiting_from_ms BIGINT NOT NULL,
    number         BIGINT NOT NULL,
    kind           TEXT NOT NULL CONSTRAINT decision_reminder_kind CHECK (kind IN ('reminder', 'escalation')),
    at_ms          BIGINT NOT NULL,
    PRIMARY KEY (reservation_id, waiting_from_ms, number)
);
