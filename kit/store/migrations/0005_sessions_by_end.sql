-- Sessions that are over are deleted after a week: finds them, the oldest first.
CREATE INDEX sessions_by_end ON sessions (least(expires_at, revoked_at));
