-- Durable work. A row is claimed by whoever finds it due: a waiting job whose time has come, or a running one
-- whose lease has run out because its worker vanished. What is done is deleted; what failed for good stays, dead.
CREATE TABLE jobs (
    job_id     uuid PRIMARY KEY,
    kind       varchar(60) NOT NULL,
    payload    jsonb NOT NULL,
    dedupe_key text,
    status     varchar(10) NOT NULL DEFAULT 'waiting' CHECK (status IN ('waiting', 'running', 'dead')),
    -- Counts claims; a worker names its number when it completes, and an outdated one is refused.
    attempt    integer NOT NULL DEFAULT 0,
    -- Of the attempts, how many asked for another, and how many ended without an answer: a panic, or a lease that
    -- ran out.
    failures   integer NOT NULL DEFAULT 0,
    crashes    integer NOT NULL DEFAULT 0,
    -- Waiting: not before. Running: until when the lease holds.
    due_at     timestamptz NOT NULL DEFAULT now(),
    last_error text,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX jobs_due ON jobs (due_at) WHERE status <> 'dead';
CREATE UNIQUE INDEX jobs_once ON jobs (kind, dedupe_key) WHERE status <> 'dead';
