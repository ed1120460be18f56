-- Who may act: agencies, people, their passwords, roles and sessions.

CREATE TABLE agency (
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    short_name TEXT NOT NULL,
    is_central INTEGER NOT NULL,
    created_at_ms INTEGER NOT NULL,
    CONSTRAINT agency_pkey PRIMARY KEY (id),
    CONSTRAINT agency_short_name_key UNIQUE (short_name),
    CONSTRAINT agency_name_filled CHECK (length(name) BETWEEN 1 AND 200),
    CONSTRAINT agency_short_name_filled CHECK (length(short_name) BETWEEN 1 AND 30),
    CONSTRAINT agency_is_central_known CHECK (is_central IN (0, 1))
) STRICT;
-- There is one central agency: it approves and runs the service (TP-4).
CREATE UNIQUE INDEX agency_is_central_key ON agency (is_central) WHERE is_central = 1;

CREATE TABLE person (
    id TEXT NOT NULL,
    agency_id TEXT NOT NULL,
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    position TEXT NOT NULL,
    -- name and e-mail in lower case, folded by the service: the engines fold letters differently
    search TEXT NOT NULL,
    language TEXT NOT NULL,
    state TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    -- ID-5, ID-10
    last_sign_in_at_ms INTEGER,
    CONSTRAINT person_pkey PRIMARY KEY (id),
    -- ID-1: one account a person
    CONSTRAINT person_email_key UNIQUE (email),
    CONSTRAINT person_agency_exists FOREIGN KEY (agency_id) REFERENCES agency (id),
    CONSTRAINT person_name_filled CHECK (length(name) BETWEEN 1 AND 200),
    CONSTRAINT person_email_filled CHECK (length(email) BETWEEN 3 AND 254),
    CONSTRAINT person_position_bounded CHECK (length(position) <= 200),
    CONSTRAINT person_language_known CHECK (language IN ('ms', 'en')),
    CONSTRAINT person_state_known CHECK (state IN ('active', 'disabled', 'terminated'))
) STRICT;
CREATE INDEX person_by_agency ON person (agency_id, name);

-- argon2id, as a PHC string. A temporary one must be changed before anything else (ID-2).
CREATE TABLE password (
    person_id TEXT NOT NULL,
    hash TEXT NOT NULL,
    temporary INTEGER NOT NULL,
    changed_at_ms INTEGER NOT NULL,
    CONSTRAINT password_pkey PRIMARY KEY (person_id),
    CONSTRAINT password_person_exists FOREIGN KEY (person_id) REFERENCES person (id),
    CONSTRAINT password_temporary_known CHECK (temporary IN (0, 1))
) STRICT;

CREATE TABLE person_role (
    person_id TEXT NOT NULL,
    role TEXT NOT NULL,
    CONSTRAINT person_role_pkey PRIMARY KEY (person_id, role),
    CONSTRAINT person_role_person_exists FOREIGN KEY (person_id) REFERENCES person (id),
    CONSTRAINT person_role_known CHECK (role IN ('officer', 'uc_administrator', 'approver', 'facilitator', 'auditor', 'system_administrator'))
) STRICT;

-- The sites that a facilitator looks after. Sites belong to booking, so no key leads there.
CREATE TABLE person_site (
    person_id TEXT NOT NULL,
    site_id TEXT NOT NULL,
    CONSTRAINT person_site_pkey PRIMARY KEY (person_id, site_id),
    CONSTRAINT person_site_person_exists FOREIGN KEY (person_id) REFERENCES person (id)
) STRICT;
CREATE INDEX person_site_by_site ON person_site (site_id);

-- A signed-in browser. The token itself is nowhere: only its SHA-256.
CREATE TABLE session (
    id TEXT NOT NULL,
    token_hash TEXT NOT NULL,
    person_id TEXT NOT NULL,
    user_agent_class TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    last_seen_at_ms INTEGER NOT NULL,
    expires_at_ms INTEGER NOT NULL,
    CONSTRAINT session_pkey PRIMARY KEY (id),
    CONSTRAINT session_token_hash_key UNIQUE (token_hash),
    CONSTRAINT session_person_exists FOREIGN KEY (person_id) REFERENCES person (id),
    CONSTRAINT session_user_agent_class_known CHECK (user_agent_class IN ('desktop', 'mobile', 'other')),
    CONSTRAINT session_span CHECK (expires_at_ms > created_at_ms)
) STRICT;
CREATE INDEX session_by_person ON session (person_id, created_at_ms);
CREATE INDEX session_by_expiry ON session (expires_at_ms);
