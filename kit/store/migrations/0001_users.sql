-- Users and their sessions.
CREATE TABLE users (
    user_id       uuid PRIMARY KEY,
    username      varchar(50)  NOT NULL,
    email         varchar(255) NOT NULL,
    password_hash varchar(255) NOT NULL,
    display_name  varchar(200),
    bio           text NOT NULL DEFAULT '',
    is_operator   boolean NOT NULL DEFAULT false,
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL
);
CREATE UNIQUE INDEX users_username_key ON users (lower(username));
CREATE UNIQUE INDEX users_email_key ON users (lower(email));

-- One signed-in browser or API client. A refresh token names its generation; one of an old
-- generation is a stolen copy and revokes the session.
CREATE TABLE sessions (
    session_id         uuid PRIMARY KEY,
    user_id            uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    refresh_hash       bytea,
    previous_hash      bytea,
    rotated_at         timestamptz,
    user_agent         text NOT NULL DEFAULT '',
    created_at         timestamptz NOT NULL,
    last_seen_at       timestamptz NOT NULL,
    expires_at         timestamptz NOT NULL,
    revoked_at         timestamptz
);
CREATE INDEX sessions_by_user ON sessions (user_id) WHERE revoked_at IS NULL;

-- One-time links that make whoever opens them, signed in, an operator.
CREATE TABLE operator_links (
    token_hash bytea PRIMARY KEY,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
