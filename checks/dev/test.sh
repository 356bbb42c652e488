# What judges a change: `check` is the quick half, `test` all of it.

dev_check() {
    need_cargo
    # shellcheck disable=SC2086 # lists of words
    install_packages $RUN_PACKAGES $BUILD_PACKAGES
    cargo fmt --all --check
    cargo clippy -q --locked --workspace --all-targets -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc -q --locked --workspace --no-deps
    cargo test -q --locked -p tidy
    need_node
    npm_ready web
    npm run --prefix web --silent check
}

dev_test() {
    need_cargo
    # shellcheck disable=SC2086 # lists of words
    install_packages $RUN_PACKAGES $BUILD_PACKAGES $TEST_PACKAGES
    dev_check
    npm run --prefix web --silent test
    dev_web
    check_prepared
    # With the tests' own features at once, else the dependencies would be built twice.
    cargo build --locked --workspace --all-targets
    dev_sandbox cargo test --locked --workspace
    test_in_browser
}

# The SQL of the tree is the SQL that was checked.
check_prepared() {
    fresh=$(mktemp -d)
    SQLX_OUT=$fresh dev_prepare >/dev/null
    if ! diff -r "$fresh" kit/store/.sqlx >&2; then
        rm -rf "$fresh"
        fail "kit/store/.sqlx is out of date: run ./dev prepare and commit what changes"
    fi
    rm -rf "$fresh"
}

# The main job in real Chromium, against the binary on its embedded defaults.
test_in_browser() (
    need_node
    npm_ready checks/e2e/browser
    data=$(mktemp -d "${TMPDIR:-/tmp}/livestream-browser.XXXXXX")
    pid=
    trap 'stop_instance; rm -rf "$data"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    start_instance debug
    LIVESTREAM_URL=$url npm run --prefix checks/e2e/browser --silent test
)

# start_instance PROFILE: on free ports in $data; sets $pid and $url.
start_instance() {
    LIVESTREAM_DATA_DIR=$data/var LIVESTREAM_HTTP__LISTEN=127.0.0.1:0 LIVESTREAM_MEDIA__UDP_LISTEN=127.0.0.1:0 \
        "${CARGO_TARGET_DIR:-target}/$1/livestream" >"$data/out" 2>"$data/log" &
    pid=$!
    tries=0
    until url=$(sed -n 's/^ready //p' "$data/out") && [ -n "$url" ]; do
        tries=$((tries + 1))
        kill -0 "$pid" 2>/dev/null && [ $tries -lt 1200 ] || { cat "$data/log" >&2; fail "livestream did not start"; }
        sleep 0.05
    done
}

stop_instance() {
    [ -n "$pid" ] || return 0
    kill -TERM "$pid" 2>/dev/null && wait "$pid" 2>/dev/null || true
    pid=
}
