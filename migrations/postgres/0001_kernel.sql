-- The ground of the control plane: the audit trail, the outbox, answers of requests that are carried out once.

-- Sequences without gaps: whoever takes a number holds the row until the transaction ends.
CREATE TABLE ledger (
    name TEXT NOT NULL,
    number BIGINT NOT NULL,
    hash TEXT NOT NULL,
    CONSTRAINT ledger_pkey PRIMARY KEY (name)
);
INSERT INTO ledger (name, number, hash) VALUES
    ('audit', 0, '0000000000000000000000000000000000000000000000000000000000000000'),
    ('outbox', 0, '');

CREATE TABLE audit (
    number BIGINT NOT NULL,
    id TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    act TEXT NOT NULL,
    person TEXT,
    on_behalf_of TEXT,
    object_kind TEXT NOT NULL,
    object_id TEXT NOT NULL,
    rule TEXT,
    outcome TEXT NOT NULL,
    details TEXT NOT NULL,
    previous_hash TEXT NOT NULL,
    hash TEXT NOT NULL,
    CONSTRAINT audit_pkey PRIMARY KEY (number),
    CONSTRAINT audit_id_key UNIQUE (id),
    CONSTRAINT audit_outcome_known CHECK (outcome IN ('done', 'refused'))
);
CREATE INDEX audit_by_person ON audit (person, number);
CREATE INDEX audit_by_act ON audit (act, number);
CREATE INDEX audit_by_object ON audit (object_kind, object_id, number);

CREATE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'constraint:audit_append_only';
END
$$;
CREATE TRIGGER audit_no_update BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_append_only();
CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only();

CREATE TABLE outbox (
    number BIGINT NOT NULL,
    topic TEXT NOT NULL,
    payload TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    settled_at_ms BIGINT,
    CONSTRAINT outbox_pkey PRIMARY KEY (number)
);
CREATE INDEX outbox_open ON outbox (topic, number) WHERE settled_at_ms IS NULL;

CREATE TABLE idempotency (
    person TEXT NOT NULL,
    route TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    body_hash TEXT NOT NULL,
    answer TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    CONSTRAINT idempotency_pkey PRIMARY KEY (person, route, idempotency_key)
);
CREATE INDEX idempotency_by_age ON idempotency (at_ms);
