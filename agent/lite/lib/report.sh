# shellcheck shell=sh
# What the node can say about itself, and deliveries by hand.

status() {
    if [ -z "$NODE" ]; then
        echo "not enrolled"
        return 1
    fi
    load
    echo "node         $NODE, epoch $EPOCH"
    echo "site         $SERVER"
    echo "fingerprint  $(words_of "$PUBLIC")"
    echo "batches      $SEQ sealed, $((SEQ - ACKED)) of them without a receipt"
    echo "waiting      $(grep -c '^R' "$RUN/state") records in memory"
    echo "refused      $(find "$STATE/dead" -type f 2>/dev/null | wc -l)"
    echo "flash        $(du -sk "$STATE" | cut -f 1) KiB"
    if halted; then echo "halted       $(cat "$STATE/halted")"; fi
    sed 's/^/alert        /' "$RUN/alerts"
    ! halted
}

# Read every meter once.
meters() {
    now
    : >>"$RUN/incs"
    interfaces | while read -r name index; do
        if wanted "$name"; then
            awk -v name="$name" '{ sub(/^[ \t]*/, ""); at = match($0, /:[^:]*$/)
                if (substr($0, 1, at - 1) == name) { split(substr($0, at + 1), f, " ")
                print "if:" name ":rx", f[1], "By"; print "if:" name ":tx", f[9], "By" } }' \
                "$COOP_ROOT/proc/net/dev"
        fi
    done
}

# The inventory and every batch without a receipt, one envelope a line.
export_file() {
    load
    { kept_envelope "$STATE/inventory" meter-inventory
      echo
      exported=$((ACKED + 1))
      while [ "$exported" -le "$SEQ" ]; do
          if [ -e "$(batch_file "$exported")" ]; then
              kept_envelope "$(batch_file "$exported")" usage-batch
              echo
          fi
          exported=$((exported + 1))
      done; } >"$1.part" && sync "$1.part" && mv "$1.part" "$1"
    echo "$((SEQ - ACKED)) batches written to $1"
}

# Take the results of a delivery by somebody else: one result of section 6 a line.
import_receipts() {
    take_lock
    load
    imported=0
    while IFS= read -r line; do
        printf '{"results":[%s]}' "$line" >"$RUN/answer"
        flattened "$RUN/answer" >"$RUN/flat"
        file=$(batch_file "$(at results.0.seq | tr -cd 0-9)")
        if [ "$(at results.0.node)" = "$NODE" ] && [ -e "$file" ]; then
            take results.0. "$file"
            imported=$((imported + 1))
        fi
    done <"$1"
    advance
    rm -f "$RUN/lock"
    echo "$imported results read, batches up to $ACKED are receipted"
}

# Walk the batches that are kept: sums, links, chain values, signatures.
verify() {
    verify_chain='' verify_bad=0
    for file in "$STATE"/queue/[0-9]*[0-9]; do
        [ -e "$file" ] || continue
        verify_one "$file" || { echo "batch $(field "$file" seq) is not whole"; verify_bad=1; }
        verify_chain=$(field "$file" chain)
    done
    [ "$verify_bad" = 0 ] && echo "the chain is whole"
}

verify_one() {
    field "$1" p | tr -d '\n' >"$RUN/kept"
    flattened "$RUN/kept" >"$RUN/said"
    verify_prev=$(at prev "$RUN/said")
    pae usage-batch "$RUN/kept" >"$RUN/believed"
    sealed_whole "$1" && [ "$(hash_of <"$RUN/believed")" = "$(field "$1" chain)" ] &&
        [ "$verify_prev" = "${verify_chain:-$verify_prev}" ] &&
        is_signed "$PUBLIC" "$(field "$1" sig | awk -f "$LIB/base64.awk" -v job=tohex)"
}
