# The pages: built by Vite into web/dist, from where the binary takes them in.

npm_ready() { # FOLDER: its packages are as its lock file says
    stamp=$1/node_modules/.package-lock.json
    if [ ! -f "$stamp" ] || [ "$1/package-lock.json" -nt "$stamp" ]; then
        npm ci --prefix "$1" --no-audit --no-fund >&2
    fi
}

web_is_fresh() {
    [ -f web/dist/index.html ] || return 1
    newer=$(find web -path web/node_modules -prune -o -path web/dist -prune -o -type f -newer web/dist/index.html -print)
    [ -z "$newer" ]
}

dev_web() {
    ! web_is_fresh || return 0
    need_node
    npm_ready web
    npm run --prefix web --silent build >&2
}
