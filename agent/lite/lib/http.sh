# shellcheck shell=sh
# One exchange with the site, with curl, uclient-fetch or wget.
#
# Only curl and GNU wget show what stands in a refusal; the others tell its status alone. So every
# delivery carries the inventory, which the site knows: then refusals come in the results of a 200.

http_tool() {
    if [ -n "${COOP_HTTP:-}" ]; then
        echo "$COOP_HTTP"
    elif command -v curl >/dev/null; then
        echo curl
    elif uclient-fetch 2>&1 | grep -q -e --header; then
        echo uclient-fetch
    elif command -v wget >/dev/null; then
        echo wget
    else
        fail "curl, wget or an uclient-fetch that knows --header is needed"
    fi
}

# POST the file $2 to the path $1, or GET without a file. STATUS is the answer's, 000 without one;
# its body is in the file `answer`.
exchange() {
    : >"$RUN/answer"
    case $HTTP in
        curl) by_curl "$@" ;;
        uclient-fetch) by_uclient "$@" ;;
        *) by_wget "$@" ;;
    esac
    case $STATUS in
        [0-9][0-9][0-9]) ;;
        *) STATUS=000 ;;
    esac
    flattened "$RUN/answer" >"$RUN/flat"
}

by_curl() {
    path=$1
    if [ $# -gt 1 ]; then
        set -- -H 'Content-Type: application/json' --data-binary "@$2"
    else
        set --
    fi
    if [ -n "$CA" ]; then set -- "$@" --cacert "$CA"; fi
    STATUS=$(curl -s -m "$TIMEOUT" -o "$RUN/answer" -w '%{http_code}' -A "$AGENT" \
        -H "Coop-Node: ${NODE:-}" "$@" "$SERVER$path")
}

by_wget() {
    path=$1
    if [ $# -gt 1 ]; then
        set -- --header 'Content-Type: application/json' --post-file "$2"
    else
        set --
    fi
    if [ -n "$CA" ]; then set -- "$@" --ca-certificate "$CA"; fi
    set -- -q -S -U "$AGENT" --header "Coop-Node: ${NODE:-}" -O "$RUN/answer" "$@" "$SERVER$path"
    if patient_wget "$@" 2>"$RUN/told"; then STATUS=200; else refusal; fi
}

patient_wget() {
    if wget --help 2>&1 | grep -q content-on-error; then
        wget -T "$TIMEOUT" -t 1 --content-on-error "$@"
    else
        # The -T of busybox's wget ends some builds with a segmentation fault.
        timeout "$TIMEOUT" wget "$@"
    fi
}

# A program's argument holds 128 KiB, so what is longer goes in smaller requests (see `deliver`).
by_uclient() {
    path=$1
    if [ $# -gt 1 ]; then
        set -- --header 'Content-Type: application/json' --post-data "$(cat "$2")"
    else
        set --
    fi
    if [ -n "$CA" ]; then set -- "$@" "--ca-certificate=$CA"; fi
    if uclient-fetch -q -T "$TIMEOUT" -U "$AGENT" --header "Coop-Node: ${NODE:-}" \
        -O "$RUN/answer" "$@" "$SERVER$path" 2>"$RUN/told"; then
        STATUS=200
    else
        refusal
    fi
}

# The status in what a program said about an answer that is none of the good ones.
refusal() {
    STATUS=$(sed -n 's/.*HTTP[^ ]* \(error \)\{0,1\}\([1-5][0-9][0-9]\).*/\2/p' "$RUN/told" |
        tail -n 1)
    STATUS=${STATUS:-000}
}
