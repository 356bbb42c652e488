# From nothing to a running product.

dev_up() {
    need_cargo
    # shellcheck disable=SC2086 # lists of words
    install_packages $RUN_PACKAGES $BUILD_PACKAGES
    dev_web
    cargo build --release --locked -p livestream
    exec "${CARGO_TARGET_DIR:-target}/release/livestream" "$@"
}
