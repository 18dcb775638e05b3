# shellcheck shell=sh
# Keys, signatures and envelopes with usign or signify: docs/metering-protocol.md, section 1.

signer() {
    for signer in usign signify-openbsd signify; do
        command -v "$signer" >/dev/null && return
    done
    fail "neither usign nor signify is installed"
}

# Make the key file $1 on the flash, unless it is there.
make_key() {
    [ -s "$1" ] && return
    case $signer in
        usign) usign -G -p "$RUN/new.pub" -s "$RUN/new.sec" ;;
        *) "$signer" -G -n -p "$RUN/new.pub" -s "$RUN/new.sec" ;;
    esac || fail "no key could be made"
    put_flash "$1" <"$RUN/new.sec"
    rm -f "$RUN/new.sec" "$RUN/new.pub"
}

# The public key in a key file, as 64 hex digits: the last half of what lies behind the comment.
public_of() {
    public=$(sed -n 2p "$1" | awk -f "$LIB/base64.awk" -v job=tohex)
    [ ${#public} -eq 208 ] || fail "$1 is not a key of usign or signify"
    printf '%s' "${public#"${public%????????????????????????????????????????????????????????????????}"}"
}

# The bytes that a hex text spells.
bytes_of() {
    # shellcheck disable=SC2059
    printf "$(printf '%s' "$1" | awk '
        BEGIN { for (i = 0; i < 16; i++) n[substr("0123456789abcdef", i + 1, 1)] = i }
        { for (i = 1; i < length($0); i += 2)
            printf "\\%03o", n[substr($0, i, 1)] * 16 + n[substr($0, i + 1, 1)] }')"
}

hash_of() {
    sha256sum | cut -c 1-64
}

keyid_of() {
    printf 'ed25519:%s' "$(bytes_of "$1" | hash_of | cut -c 1-32)"
}

words_of() {
    bytes_of "$1" | hash_of | awk -f "$LIB/words.awk"
}

kind_of() {
    printf 'application/vnd.coop.%s+json;v=1' "$1"
}

# What is signed and what the chain hashes: name $1, payload file $2.
pae() {
    pae_kind=$(kind_of "$1")
    printf 'DSSEv1 %d %s %d ' "${#pae_kind}" "$pae_kind" "$(wc -c <"$2")"
    cat "$2"
}

# A file of one line as base64, with whatever this machine has.
encoded() {
    case $BASE64 in
        base64) base64 <"$1" | tr -d '\n' ;;
        openssl) openssl base64 -A -in "$1" ;;
        *) awk -f "$LIB/base64.awk" -v job=encode "$1" ;;
    esac
}

decoded() {
    case $BASE64 in
        base64) base64 -d ;;
        openssl) openssl base64 -d -A ;;
        *) LC_ALL=C awk -f "$LIB/base64.awk" -v job=decode ;;
    esac
}

base64_tool() {
    if [ -n "${COOP_BASE64:-}" ]; then
        printf '%s' "$COOP_BASE64"
    elif command -v base64 >/dev/null; then
        printf base64
    elif command -v openssl >/dev/null; then
        printf openssl
    else
        printf awk
    fi
}

# The signature of a payload ($1 name, $2 file) as base64 of its 64 bytes.
signature() {
    pae "$1" "$2" >"$RUN/signed"
    "$signer" -S -s "$STATE/agent.sec" -m "$RUN/signed" -x "$RUN/signed.sig" || return
    sed -n 2p "$RUN/signed.sig" | awk -f "$LIB/base64.awk" -v job=tohex | cut -c 21- |
        awk -f "$LIB/base64.awk" -v job=fromhex
}

# Print an envelope: $1 name, $2 payload file, $3 signature.
envelope() {
    printf '{"payloadType":"%s","payload":"%s","signatures":[{"keyid":"%s","sig":"%s"}]}' \
        "$(kind_of "$1")" "$(encoded "$2")" "$KEYID" "$3"
}

# Whether one of the keys $2 signed the flattened envelope at $1 (a path with its dot, or nothing)
# as a $3. Its payload is then in the file $4.
opened() {
    [ "$(at "$1payloadType")" = "$(kind_of "$3")" ] || return 1
    at "$1payload" | decoded >"$4" || return 1
    pae "$3" "$4" >"$RUN/believed"
    for opened_i in 0 1 2 3; do
        opened_sig=$(at "$1signatures.$opened_i.sig" | awk -f "$LIB/base64.awk" -v job=tohex)
        [ ${#opened_sig} -eq 128 ] || continue
        for opened_key in $2; do
            is_signed "$opened_key" "$opened_sig" && return
        done
    done
    return 1
}

# Whether the key $1 made the signature $2 (both hex) over the file `believed`.
is_signed() {
    key_file "45640000000000000000$1" >"$RUN/believed.pub"
    key_file "45640000000000000000$2" >"$RUN/believed.sig"
    "$signer" -V -q -p "$RUN/believed.pub" -m "$RUN/believed" -x "$RUN/believed.sig" 2>/dev/null
}

key_file() {
    echo 'untrusted comment: coop-lite'
    printf '%s\n' "$1" | awk -f "$LIB/base64.awk" -v job=fromhex
    echo
}

# The value at a path of the answer that was flattened last.
at() {
    awk -F '\t' -v key="$1" '$1 == key { print $2; exit }' "${2:-$RUN/flat}"
}

flattened() {
    awk -f "$LIB/json.awk" "$1"
}
