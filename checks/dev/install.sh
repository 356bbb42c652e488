# What a machine must have. On Debian and Ubuntu missing packages are installed; elsewhere they are listed.

RUN_PACKAGES="postgresql redis-server ffmpeg"
BUILD_PACKAGES="gcc libc6-dev make pkg-config libavcodec-dev libavfilter-dev libavformat-dev libavutil-dev libswresample-dev libswscale-dev"
TEST_PACKAGES="chromium fonts-dejavu-core"
# Vite 8 asks for this much of Node.js.
NODE_MAJOR=20
# The Node.js that is fetched from the npm registry where the machine's is older.
NODE_PACKAGE_VERSION=22

say() {
    printf '%s\n' "$*" >&2
}

fail() {
    say "dev: $*"
    exit 1
}

is_debian() {
    command -v apt-get >/dev/null 2>&1 && command -v dpkg-query >/dev/null 2>&1
}

is_installed() {
    dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null | grep -qx installed
}

# ffmpeg's bindings are made from its headers by libclang, whose package names carry a version.
clang_packages() {
    if ls /usr/lib/llvm-*/lib/libclang*.so* >/dev/null 2>&1 && ls -d /usr/lib/llvm-*/lib/clang/*/include >/dev/null 2>&1; then
        return
    fi
    if apt-cache show libclang1-14 >/dev/null 2>&1; then
        echo libclang1-14 libclang-common-14-dev
    else
        echo libclang-dev
    fi
}

missing_packages() {
    for package in "$@"; do
        is_installed "$package" || printf '%s ' "$package"
    done
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null 2>&1; then
        sudo "$@"
    else
        fail "these need root, and there is no sudo: $*"
    fi
}

# install_packages PACKAGE...
install_packages() {
    if ! is_debian; then
        check_commands
        return
    fi
    missing=$(missing_packages "$@")
    [ -n "$missing$(clang_packages)" ] || return 0
    as_root apt-get update -q >&2
    # shellcheck disable=SC2046,SC2086 # lists of words
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing $(clang_packages) >&2
}

check_commands() {
    lacking=
    for command in cc pkg-config ffmpeg redis-server postgres initdb; do
        command -v "$command" >/dev/null 2>&1 || [ -x "$(pg_bin)/$command" ] || lacking="$lacking $command"
    done
    for library in libavcodec libavfilter libavformat libswresample libswscale; do
        pkg-config --exists "$library" 2>/dev/null || lacking="$lacking $library"
    done
    [ -z "$lacking" ] || fail "this is neither Debian nor Ubuntu; install these by your system's own means:$lacking"
}

need_cargo() {
    command -v cargo >/dev/null 2>&1 || [ ! -x "$HOME/.cargo/bin/cargo" ] || PATH="$HOME/.cargo/bin:$PATH"
    command -v cargo >/dev/null 2>&1 || fail "there is no Rust toolchain: install one from https://rustup.rs and try again"
}

node_is_new_enough() {
    command -v node >/dev/null 2>&1 && [ "$(node -p 'process.versions.node.split(".")[0]')" -ge "$NODE_MAJOR" ]
}

# Debian 12 has Node.js 18: then a newer one is taken from the npm registry, into target/tools.
need_node() {
    ! node_is_new_enough || return 0
    tools=$PWD/target/tools
    if [ ! -x "$tools/bin/node" ]; then
        ! is_debian || command -v npm >/dev/null 2>&1 || install_packages nodejs npm
        command -v npm >/dev/null 2>&1 || fail "Node.js $NODE_MAJOR or newer is missing"
        case $(uname -m) in
            x86_64) machine=x64 ;;
            aarch64) machine=arm64 ;;
            *) fail "Node.js $NODE_MAJOR or newer is missing" ;;
        esac
        mkdir -p "$tools/bin"
        npm install --no-save --no-audit --no-fund --prefix "$tools" \
            "node-linux-$machine@$NODE_PACKAGE_VERSION" npm@11 >&2
        ln -sf "$tools/node_modules/node-linux-$machine/bin/node" "$tools/bin/node"
        ln -sf "$tools/node_modules/npm/bin/npm-cli.js" "$tools/bin/npm"
    fi
    PATH="$tools/bin:$PATH"
    node_is_new_enough || fail "Node.js $NODE_MAJOR or newer is missing"
}
