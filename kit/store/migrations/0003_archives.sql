-- What is left of a stream: its archive, and the objects that make it up.
CREATE TABLE archives (
    archive_id       uuid PRIMARY KEY,
    stream_id        uuid NOT NULL UNIQUE REFERENCES streams ON DELETE CASCADE,
    status           varchar(20) NOT NULL CHECK (status IN ('recording', 'ready', 'complete', 'failed')),
    s3_key           varchar(500) NOT NULL,
    duration_us      bigint NOT NULL DEFAULT 0,
    file_size        bigint NOT NULL DEFAULT 0,
    download_bytes   bigint,
    thumbnail_bytes  bigint,
    failure          text,
    created_at       timestamptz NOT NULL,
    ready_at         timestamptz
);
CREATE INDEX archives_by_status ON archives (status, archive_id DESC);

-- One per recording and format: what a decoder needs before the first segment.
CREATE TABLE archive_inits (
    archive_id       uuid NOT NULL REFERENCES archives ON DELETE CASCADE,
    recording_id     uuid NOT NULL,
    number           integer NOT NULL,
    video            varchar(20),
    audio            varchar(20),
    width            integer NOT NULL DEFAULT 0,
    height           integer NOT NULL DEFAULT 0,
    bytes            bigint NOT NULL,
    PRIMARY KEY (archive_id, recording_id, number)
);

-- A row stands for an object that is in the bucket, checked.
CREATE TABLE archive_segments (
    archive_id       uuid NOT NULL REFERENCES archives ON DELETE CASCADE,
    recording_id     uuid NOT NULL,
    number           integer NOT NULL,
    init             integer NOT NULL,
    is_discontinuous boolean NOT NULL,
    is_independent   boolean NOT NULL,
    duration_us      bigint NOT NULL,
    bytes            bigint NOT NULL,
    PRIMARY KEY (archive_id, recording_id, number)
);
