-- Streams, and the long-lived keys by which OBS and the like create them.
CREATE TABLE streams (
    stream_id          uuid PRIMARY KEY,
    user_id            uuid NOT NULL REFERENCES users,
    title              varchar(255) NOT NULL,
    status             varchar(20) NOT NULL CHECK (status IN ('starting', 'live', 'ended')),
    visibility         varchar(20) NOT NULL CHECK (visibility IN ('public', 'unlisted', 'private')),
    node_id            uuid,
    publish_token_hash bytea NOT NULL,
    stream_key_id      uuid,
    started_at         timestamptz NOT NULL,
    ended_at           timestamptz,
    publisher_left_at  timestamptz,
    viewer_count       integer NOT NULL DEFAULT 0,
    created_at         timestamptz NOT NULL,
    CHECK ((status = 'ended') = (ended_at IS NOT NULL))
);
CREATE INDEX streams_by_user ON streams (user_id, stream_id DESC);
CREATE INDEX streams_by_status ON streams (status, stream_id DESC);
CREATE INDEX streams_unfinished ON streams (user_id) WHERE status <> 'ended';

-- `prefix` is the part of a key that finds its row and is shown in lists; `key_hash` is the SHA-256 of the whole key.
CREATE TABLE stream_keys (
    stream_key_id uuid PRIMARY KEY,
    user_id       uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    label         varchar(200) NOT NULL,
    prefix        varchar(20) NOT NULL UNIQUE,
    key_hash      bytea NOT NULL,
    created_at    timestamptz NOT NULL,
    last_used_at  timestamptz,
    revoked_at    timestamptz
);
CREATE INDEX stream_keys_by_user ON stream_keys (user_id) WHERE revoked_at IS NULL;
