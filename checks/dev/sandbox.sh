# A private Postgres and Redis on unix sockets in a temporary folder, for one command.

pg_bin() {
    ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1
}

# Postgres refuses to run as root; then it runs as the user that its package made.
as_postgres() {
    if [ "$(id -u)" = 0 ]; then
        setpriv --reuid=postgres --regid=postgres --clear-groups -- "$@"
    else
        "$@"
    fi
}

# Runs inside a subshell of its own, so that its trap ends what it started, however CMD ends.
dev_sandbox() (
    dir=$(mktemp -d "${TMPDIR:-/tmp}/livestream-sandbox.XXXXXX")
    chmod 755 "$dir"
    [ "$(id -u)" != 0 ] || chown postgres "$dir"
    redis_pid=
    trap 'sandbox_end' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    as_postgres "$(pg_bin)/initdb" -D "$dir/pg" -U app -A trust -E UTF8 --no-locale --no-sync >"$dir/initdb.log" 2>&1
    as_postgres "$(pg_bin)/pg_ctl" -D "$dir/pg" -w -l "$dir/pg.log" \
        -o "-k $dir -c listen_addresses= -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=300" start >/dev/null
    redis-server --port 0 --unixsocket "$dir/redis.sock" --unixsocketperm 777 --save '' --appendonly no --dir "$dir" \
        --logfile "$dir/redis.log" &
    redis_pid=$!
    tries=0
    until redis-cli -s "$dir/redis.sock" ping >/dev/null 2>&1; do
        tries=$((tries + 1))
        [ $tries -lt 200 ] || { cat "$dir/redis.log" >&2; exit 1; }
        sleep 0.05
    done
    LIVESTREAM_TEST_DATABASE_URL="postgres:///postgres?host=$dir&user=app" \
        LIVESTREAM_TEST_REDIS_URL="redis+unix://$dir/redis.sock" \
        LIVESTREAM_TEST_PG_BIN="$(pg_bin)" "$@"
)

sandbox_end() {
    [ -z "$redis_pid" ] || { kill "$redis_pid" 2>/dev/null && wait "$redis_pid" 2>/dev/null || true; }
    as_postgres "$(pg_bin)/pg_ctl" -D "$dir/pg" -m immediate -w stop >/dev/null 2>&1 || true
    rm -rf "$dir"
}

# The compile-time check of SQL works from these files, so that a build needs no database.
dev_prepare() {
    dev_sandbox sh -eu -c '
        for file in kit/store/migrations/*.sql; do
            psql -q -v ON_ERROR_STOP=1 "$LIVESTREAM_TEST_DATABASE_URL" -f "$file"
        done
        out=${SQLX_OUT:-kit/store/.sqlx}
        mkdir -p "$out"
        rm -f "$out"/query-*.json
        touch kit/store/src/lib.rs
        DATABASE_URL="$LIVESTREAM_TEST_DATABASE_URL" SQLX_OFFLINE_DIR="$(cd "$out" && pwd)" cargo check -q -p store
        echo "$(ls "$out" | wc -l) queries in $out"
    '
}
