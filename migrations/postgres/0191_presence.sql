-- MEET-12: what people say of themselves, busy or away, and until when. Everything else about presence is derived.
CREATE TABLE presence (
    person_id   TEXT NOT NULL PRIMARY KEY,
    state       TEXT NOT NULL CONSTRAINT presence_state CHECK (state IN ('busy', 'away')),
    until_at_ms BIGINT NOT NULL
);

-- Who is inside now is asked by person.
CREATE INDEX attendance_by_person ON attendance (person_id, left_at_ms);
