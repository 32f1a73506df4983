#!/usr/bin/env bash
# Runs the vendors' own clients against `BINARY serve`. See README.md.
# Words of options hold `*`, which is no pattern: hence -f.
set -feuo pipefail

if [ $# -lt 1 ]; then
    echo "usage: run.sh BINARY [CACHE_DIR]" >&2
    exit 2
fi
here=$(cd "$(dirname "$0")" && pwd)
binary=$(realpath "$1")
cache=${2:-target/clients}
mkdir -p "$cache"
cache=$(cd "$cache" && pwd)
scratch=$(mktemp -d)
server=

stop() {
    if [ -n "$server" ]; then
        kill "$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
        server=
    fi
}
trap 'stop; rm -rf "$scratch"' EXIT

# A folder is made once for each state of its list of versions.
python_client() {
    local venv=$cache/$1 list=$here/requirements/$1.txt
    if ! cmp -s "$list" "$venv/installed.txt"; then
        rm -rf "$venv"
        python3 -m venv "$venv"
        "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --pre -r "$list"
        cp "$list" "$venv/installed.txt"
    fi
}

node_client() {
    local folder=$cache/node
    if ! cmp -s "$here/package.json" "$folder/installed.json"; then
        rm -rf "$folder"
        mkdir -p "$folder"
        cp "$here/package.json" "$folder/package.json"
        (cd "$folder" && npm install --silent --ignore-scripts --no-audit --no-fund)
        cp "$here/package.json" "$folder/installed.json"
    fi
    cp "$here/anthropic_files.mjs" "$folder/"
}

ready() {
    python3 -c 'import json, sys; print(json.loads(open(sys.argv[1]).readline())[sys.argv[2]])' "$scratch/ready" "$1"
}

# Starts a server with an empty store and further options (words), runs a client in an environment of its own, and stops the server.
run() {
    local name=$1 options=$2 store status=0
    shift 2
    store=$(mktemp -d "$scratch/store.XXXXXX")/store
    : >"$scratch/ready"
    # shellcheck disable=SC2086
    "$binary" serve --listen 127.0.0.1:0 --store "$store" $options >"$scratch/ready" &
    server=$!
    for _ in $(seq 100); do
        if [ -s "$scratch/ready" ] || ! kill -0 "$server" 2>/dev/null; then break; fi
        sleep 0.1
    done
    env -i "PATH=$PATH" "HOME=$scratch" "TMPDIR=$scratch" PYTHONPATH="$here" PYTHONDONTWRITEBYTECODE=1 \
        "DOCFERRY_STORE=$store" \
        "ANTHROPIC_BASE_URL=$(ready anthropic_base_url)" "ANTHROPIC_API_KEY=$(ready token)" \
        "DOCFERRY_OUTPUTS_URL=$(ready outputs_url)" \
        "QODER_MANAGED_BASE_URL=$(ready qoder_base_url)" "QODER_ACCESS_TOKEN=$(ready token)" \
        "$@" >"$scratch/out" || status=$?
    cat "$scratch/out"
    cat "$scratch/out" >>"$scratch/all"
    if [ "$status" -ne 0 ] && ! grep -q '^FAIL ' "$scratch/out"; then
        echo "FAIL $name ended with status $status" | tee -a "$scratch/all"
    fi
    stop
}

: >"$scratch/all"
# The list of faults stands where they are expected.
faults=$(sed -n 's/^    "\(upload:[^"]*\)",$/--fault \1/p' "$here/anthropic_faults.py" | tr '\n' ' ')
find "$here/requirements" -name "*.txt" | sort >"$scratch/lists"
while read -r list; do
    name=$(basename "$list" .txt)
    python_client "$name"
    case $name in
    anthropic-*)
        run "$name" "" "$cache/$name/bin/python" "$here/anthropic_files.py"
        run "$name" "" "$cache/$name/bin/python" "$here/anthropic_sessions.py"
        run "$name" "--quota 10 --requests-per-minute 6" "$cache/$name/bin/python" "$here/anthropic_limits.py"
        run "$name" "$faults" "$cache/$name/bin/python" "$here/anthropic_faults.py"
        ;;
    qca-sdk-*)
        run "$name" "--qoder-shape current" "$cache/$name/bin/python" "$here/qoder_files.py"
        run "$name" "--qoder-shape current" "$cache/$name/bin/python" "$here/qoder_sessions.py"
        ;;
    esac
done <"$scratch/lists"
node_client
run node "" node "$cache/node/anthropic_files.mjs"

passed=$(grep -c '^ok ' "$scratch/all" || true)
failed=$(grep -c '^FAIL ' "$scratch/all" || true)
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
