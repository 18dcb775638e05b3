# shellcheck shell=sh
# Offering sealed batches, and what the answers mean: docs/metering-protocol.md, section 6.

# The envelope kept in the file $1, as a $2.
kept_envelope() {
    field "$1" p | tr -d '\n' >"$RUN/kept"
    envelope "$2" "$RUN/kept" "$(field "$1" sig)"
}

# Print the numbers that one request offers: from $1 on, at most eight and within its size.
chosen() {
    size=$(wc -c <"$STATE/inventory")
    for seq in $(seq "$1" "$(($1 + 7))"); do
        file=$(batch_file "$seq")
        if is_dead "$file"; then continue; fi
        [ -e "$file" ] || return 0
        size=$((size + $(wc -c <"$file")))
        if [ "$size" -gt "$MOST_BYTES" ] && [ "$seq" -gt "$1" ]; then return 0; fi
        echo "$seq"
    done
}

is_dead() {
    [ -e "$STATE/dead/${1##*/}" ] || [ -e "$STATE/dead/${1##*/}.said" ]
}

request() {
    printf '{"envelopes":['
    kept_envelope "$STATE/inventory" meter-inventory
    for seq in "$@"; do
        printf ','
        kept_envelope "$(batch_file "$seq")" usage-batch
    done
    printf ']}'
}

# Offer all that has no receipt, until it is said or the next sample is due. TROUBLE says why not.
# One request goes out in any case: else a machine that is late with its samples never delivers.
deliver() {
    TROUBLE=
    cursor=$((ACKED + 1))
    while [ -z "$TROUBLE" ] && ! halted; do
        offered=$(chosen "$cursor")
        if [ -z "$offered" ]; then return; fi
        # shellcheck disable=SC2086
        request $offered >"$RUN/body"
        exchange /api/v1/agent/envelopes "$RUN/body"
        # shellcheck disable=SC2086
        judge $offered
        cursor=$((${offered##*[!0-9]} + 1))
        if [ "$(uptime_s)" -ge "$DUE" ]; then return; fi
    done
}

judge() {
    case $STATUS in
        200) [ "$(at results.length)" = $(($# + 1)) ] || { TROUBLE="a result is missing"; return; } ;;
        401 | 403) TROUBLE=barred; return ;;
        429) TROUBLE="the site asks for patience"; pause=$((pause < 60 ? 60 : pause)); return ;;
        *) TROUBLE="status $STATUS"; return ;;
    esac
    check_inventory
    result=1
    for seq in "$@"; do
        take "results.$result." "$(batch_file "$seq")"
        result=$((result + 1))
    done
    advance
    check_next
    etag=$(at config)
    follow_config "$etag"
}

check_inventory() {
    case $(at results.0.status) in
        accepted | duplicate) ;;
        *) alert "the site refused the inventory: $(at results.0.code)" ;;
    esac
}

# What the result at the path $1 says about the batch file $2.
take() {
    case $(at "$1status")-$(at "$1code") in
        accepted-* | duplicate-* | held-*) take_receipt "$1" "$2" ;;
        pending_gap-*) ;;
        conflict-*) take_conflict "$1" "$2" ;;
        rejected-malformed | rejected-too_large | rejected-schema) put_aside "$1" "$2" ;;
        rejected-unknown_key | rejected-bad_signature | rejected-revoked_key | rejected-not_enrolled)
            TROUBLE=barred ;;
        *) TROUBLE="not understood: $(at "$1status") $(at "$1code")" ;;
    esac
}

# Whether a pinned key signed the receipt at the path $1 for the number $2 of this node.
receipted() {
    opened "$1" "$SERVER_KEYS" receipt "$RUN/receipt" || return 1
    flattened "$RUN/receipt" >"$RUN/said"
    [ "$(at node "$RUN/said") $(at epoch "$RUN/said") $(at seq "$RUN/said")" = "$NODE $EPOCH $2" ]
}

take_receipt() {
    seq=$(field "$2" seq)
    if ! receipted "$1receipt." "$seq" || [ "$(at chain "$RUN/said")" != "$(field "$2" chain)" ]; then
        alert "a receipt for batch $seq is not the site's, or for something else"
        TROUBLE="a receipt that cannot be believed"
        return
    fi
    printf '%s {"payloadType":"%s","payload":"%s","signatures":[{"keyid":"%s","sig":"%s"}]}\n' \
        "$seq" "$(at "$1receipt.payloadType")" "$(at "$1receipt.payload")" \
        "$(at "$1receipt.signatures.0.keyid")" "$(at "$1receipt.signatures.0.sig")" \
        >>"$RUN/receipts"
    echo "$seq" >>"$RUN/got"
}

# Believed only with the site's receipt for that other batch: nobody on the way can stop a node.
take_conflict() {
    seq=$(field "$2" seq)
    if receipted "$1receipt." "$seq" && [ "$(at chain "$RUN/said")" != "$(field "$2" chain)" ]; then
        halt "conflict: the site has another batch $seq of this node"
        return
    fi
    alert "it is said without proof that the site has another batch $seq of this node"
    TROUBLE="a conflict without proof"
}

# Never offered again, never deleted; a later batch says so.
put_aside() {
    seq=$(field "$2" seq)
    alert "the site refused batch $seq: $(at "$1code")"
    say_refused "$seq" "$(field "$2" chain)"
    mkdir -p "$STATE/dead"
    { cat "$2"; echo "code $(at "$1code")"; } | put_flash "$STATE/dead/${2##*/}"
    if [ "$seq" -lt "$SEQ" ]; then rm -f "$2"; fi
    echo "$seq" >>"$RUN/got"
}

# ACKED goes on over everything that is receipted or put aside.
advance() {
    : >>"$RUN/got"
    while grep -qx "$((ACKED + 1))" "$RUN/got"; do
        ACKED=$((ACKED + 1))
    done
    echo "$ACKED" | put_memory acked
    awk -v acked="$ACKED" '$1 > acked' "$RUN/got" | put_memory got
}

# Whether the site knows more than this node ever sealed, or less than it receipted.
check_next() {
    next=$(at next.seq)
    case $next in
        '' | *[!0-9]*) return ;;
    esac
    [ "$(at next.epoch)" = "$EPOCH" ] || return 0
    if [ "$next" -gt "$((SEQ + 1))" ]; then
        if receipted next_receipt. "$((next - 1))"; then
            halt "restored_or_cloned: the site has batches up to $((next - 1)) of this node"
        else
            alert "it is said without proof that the site has batches up to $((next - 1))"
        fi
    elif [ "$next" -le "$ACKED" ] && [ -e "$(batch_file "$next")" ] &&
        ! is_dead "$(batch_file "$next")"; then
        alert "the site had lost batch $next and later ones"
        ACKED=$((next - 1))
        echo "$ACKED" | put_memory acked
        : >"$RUN/got"
    fi
}
