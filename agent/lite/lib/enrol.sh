# shellcheck shell=sh
# How the node gets its identity: docs/metering-protocol.md, section 3.

# NODE, EPOCH, SERVER_KEYS and what the site configured, from the flash; false if there is none.
identity() {
    PUBLIC=
    if [ -s "$STATE/agent.sec" ]; then
        PUBLIC=$(public_of "$STATE/agent.sec")
        KEYID=$(keyid_of "$PUBLIC")
    fi
    [ -s "$STATE/identity" ] || return 1
    NODE=$(field "$STATE/identity" node)
    EPOCH=$(field "$STATE/identity" epoch)
    SERVER_KEYS=$(field "$STATE/identity" server_key)
    SERVER=${SERVER:-$(field "$STATE/identity" site)}
    GENESIS=$({ printf 'coop-usage-chain-v1\n%s\n%s\n' "$NODE" "$EPOCH"; bytes_of "$PUBLIC"; } |
        hash_of)
    intervals
}

# SAMPLE, RECORD and SEAL: the site's, unless the person's own are given.
intervals() {
    SAMPLE=${WISH_SAMPLE:-$(field "$STATE/identity" sample_s)}
    RECORD=${WISH_RECORD:-$(field "$STATE/identity" record_s)}
    SEAL=${WISH_SEAL:-$(field "$STATE/identity" seal_s)}
    SAMPLE=${SAMPLE:-60} RECORD=${RECORD:-300} SEAL=${SEAL:-900}
    sound "$SAMPLE" "$RECORD" "$SEAL" || fail "1 <= SAMPLE <= RECORD <= SEAL <= 86400 is wanted"
}

sound() {
    case $1$2$3 in
        *[!0-9]*) return 1 ;;
    esac
    [ "$1" -ge 1 ] && [ "$1" -le "$2" ] && [ "$2" -le "$3" ] && [ "$3" -le 86400 ]
}

# Wait until a member has claimed the node. A power cut in between asks with the same code again.
enrol() {
    if identity; then return; fi
    [ -n "$SERVER" ] || fail "SERVER names no site"
    make_key "$STATE/agent.sec"
    make_key "$STATE/next.sec"
    identity || true
    until enrolled; do
        interruptible "$WAIT"
        if [ -n "$STOPPING" ]; then exit 0; fi
    done
    rm -f "$STATE/pending" "${CODE_FILE:-$STATE/pending}"
    identity
}

# One step of it: ask for a code, or ask whether it was claimed. WAIT is the pause before the next.
enrolled() {
    WAIT=10
    if [ ! -s "$STATE/pending" ]; then
        ask_to_enrol
        return 1
    fi
    if [ "$(date +%s)" -ge "$(field "$STATE/pending" until)" ]; then
        rm -f "$STATE/pending"
        return 1
    fi
    WAIT=$(field "$STATE/pending" interval)
    printf '{"device_code":"%s"}' "$(field "$STATE/pending" device)" >"$RUN/body"
    exchange /api/v1/agent/enrol/poll "$RUN/body"
    case $STATUS-$(at code) in
        200-*) believe_enrolled ;;
        400-slow_down) WAIT=$((WAIT + 5)) ;;
        400-access_denied) rm -f "$STATE/pending"; fail "the cooperative refused this node" ;;
        400-expired_token) rm -f "$STATE/pending" ;;
    esac
    [ -s "$STATE/identity" ]
}

ask_to_enrol() {
    now
    sent=
    if [ "$WALL" != - ]; then sent=",\"sent\":\"$(spelled "$WALL")\""; fi
    printf '{"v":1,"pub":"%s","next":"%s","hostname":"%s","serials":[],"agent":"%s"%s}' "$PUBLIC" \
        "$(bytes_of "$(public_of "$STATE/next.sec")" | hash_of)" "$(host_name)" "$AGENT" "$sent" \
        >"$RUN/payload"
    envelope enrol "$RUN/payload" "$(signature enrol "$RUN/payload")" >"$RUN/body"
    exchange /api/v1/agent/enrol "$RUN/body"
    if [ "$STATUS" != 200 ]; then
        say "the site does not take the question: status $STATUS"
        return
    fi
    WAIT=1
    { echo "device $(at device_code)"
      echo "interval $(at interval)"
      echo "until $(($(date +%s) + $(at expires_in)))"; } | put_flash "$STATE/pending"
    echo "Claim code:   $(at user_code)"
    echo "Fingerprint:  $(words_of "$PUBLIC")"
    echo "Enter the code at ${SERVER%/}/nodes/enrol/ and compare the five words of the fingerprint."
    if [ -n "$CODE_FILE" ]; then at user_code >"$CODE_FILE"; fi
}

host_name() {
    tr -cd 'A-Za-z0-9._-' <"/proc/sys/kernel/hostname" | cut -c 1-200
}

# Pin the keys that the answer names, if one of them (or the one pinned before) signed it.
believe_enrolled() {
    at payload | decoded >"$RUN/named" || return
    flattened "$RUN/named" >"$RUN/said"
    believed_keys=${SERVER_KEY:-$(listed_keys)}
    if ! opened "" "$believed_keys" enrolled "$RUN/payload" ||
        [ "$(at pub "$RUN/said")" != "$PUBLIC" ]; then
        fail "the site's answer is not signed as it should be, or names another key"
    fi
    { echo "node $(at node "$RUN/said")"
      echo "epoch $(at epoch "$RUN/said")"
      echo "site $SERVER"
      for key in $(listed_keys); do echo "server_key $key"; done
      configured; } | put_flash "$STATE/identity"
    echo "enrolled as node $(at node "$RUN/said")"
}

listed_keys() {
    sed -n 's/^server_keys\.[0-9]*	\([0-9a-f]\{64\}\)$/\1/p' "$RUN/said"
}

# The configuration in the flattened file `said`, as lines of the identity.
configured() {
    if sound "$(at config.sample_s "$RUN/said")" "$(at config.record_s "$RUN/said")" \
        "$(at config.seal_s "$RUN/said")"; then
        for name in etag sample_s record_s seal_s; do
            echo "$name $(at "config.$name" "$RUN/said")"
        done
    fi
    echo "issued_at $(at issued_at "$RUN/said")"
}

# Follow the site's configuration if the etag in an answer is another than the one at hand.
follow_config() {
    if [ -z "$1" ] || [ "$1" = null ] || [ "$1" = "$(field "$STATE/identity" etag)" ]; then return; fi
    exchange "/api/v1/agent/config/$NODE"
    [ "$STATUS" = 200 ] || return
    opened "" "$SERVER_KEYS" config "$RUN/payload" || { alert "a configuration is not signed"; return; }
    flattened "$RUN/payload" >"$RUN/said"
    [ "$(at node "$RUN/said")" = "$NODE" ] || return
    if is_older "$(at issued_at "$RUN/said")" "$(field "$STATE/identity" issued_at)"; then return; fi
    { sed '/^etag /d; /^sample_s /d; /^record_s /d; /^seal_s /d; /^issued_at /d' "$STATE/identity"
      configured; } | put_flash "$STATE/identity"
    intervals
}

is_older() {
    [ "$1" != "$2" ] && [ "$(printf '%s\n%s\n' "$1" "$2" | sort | head -n 1)" = "$1" ]
}
