# Benchmarks, each on a release build.

dev_bench() {
    name=${1:?usage: ./dev bench NAME}
    need_cargo
    # shellcheck disable=SC2086 # lists of words
    install_packages $RUN_PACKAGES $BUILD_PACKAGES $TEST_PACKAGES
    dev_web
    cargo build -q --release --locked -p livestream -p bench
    bench_on_instance "$name"
}

bench_on_instance() (
    data=$(mktemp -d "${TMPDIR:-/tmp}/livestream-bench.XXXXXX")
    pid=
    trap 'stop_instance; rm -rf "$data"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    start_instance release
    LIVESTREAM_URL=$url "${CARGO_TARGET_DIR:-target}/release/bench" "$1"
)
