# shellcheck shell=sh
# From the memory to signed, chained batches on the flash: one file each, before anything is sent.

# Seal all that waits. False if the flash would not take it: then it stays in memory and is merged.
seal() {
    if halted; then return; fi
    now
    while seal_one; do :; done
    prune
    [ "$sealing" = ended ]
}

seal_one() {
    sealing=ended
    awk -f "$LIB/common.awk" -f "$LIB/seal.awk" -v boot="$BOOT" -v mono="$MONO" -v wall="$WALL" \
        -v most="$MOST_RECORDS" -v rest="$RUN/rest" "$RUN/state" >"$RUN/records"
    [ -s "$RUN/records" ] || return
    sealing=failed
    has_room || { alert "the flash is full: nothing is sealed"; return 1; }
    inventory || return
    read -r of mono count <"$RUN/records"
    payload "$of" "$mono" >"$RUN/payload"
    sealed_signature=$(signature usage-batch "$RUN/payload") || return
    keep "$sealed_signature" || return
    mv "$RUN/rest" "$RUN/state" && rm -f "$RUN/receipts"
    forget_said
    [ "$count" -ge "$MOST_RECORDS" ] || [ "$of" != "$BOOT" ] || { sealing=ended; return 1; }
}

has_room() {
    free=$(df -k "$STATE" | awk 'END { print $(NF - 2) }')
    [ "$free" -ge "$MIN_FREE_KIB" ]
}

payload() {
    sent=
    if [ "$WALL" != - ]; then sent="\"sent\":\"$(spelled "$WALL")\","; fi
    printf '{"v":1,"node":"%s","epoch":%s,"seq":%s,"prev":"%s","boot":"%s",%s"mono":"%s",' \
        "$NODE" "$EPOCH" "$((SEQ + 1))" "$CHAIN" "$1" "$sent" "$2"
    printf '"clock":"%s","inv":"%s","records":[' "$(clock_quality)" "$INV"
    sed -n 2p "$RUN/records" | tr -d '\n'
    printf ']}'
}

# Write the batch with all that follows from it; from the rename on, its number is used.
keep() {
    keep_chain=$(pae usage-batch "$RUN/payload" | hash_of)
    { echo "seq $((SEQ + 1))"
      echo "chain $keep_chain"
      echo "acked $ACKED"
      echo "sig $1"
      printf 'p '
      cat "$RUN/payload"
      echo
      sed 's/^/s /' "$RUN/rest"
      if [ -e "$RUN/receipts" ]; then sed 's/^/r /' "$RUN/receipts"; fi
    } >"$RUN/batch"
    echo "sum $(hash_of <"$RUN/batch")" >>"$RUN/batch"
    put_flash "$(batch_file "$((SEQ + 1))")" <"$RUN/batch" || return
    SEQ=$((SEQ + 1)) CHAIN=$keep_chain
}

# What was put aside is told of in the batch just sealed.
forget_said() {
    for said in "$STATE"/dead/[0-9]*[0-9]; do
        if [ -e "$said" ]; then mv "$said" "$said.said"; fi
    done
}

# INV: the digest of the inventory in force; a new one is signed if the meters changed.
inventory() {
    awk -F '\t' '$1 == "M" && n < 4096 {
        printf "%s{\"m\":\"%s\",\"k\":\"counter\",\"u\":\"By\",\"driver\":\"netdev\",\"bits\":64%s}",
            n++ ? "," : "", $2, $11 == "-" ? "" : ",\"cap\":\"" $11 "\"" }' "$RUN/rest" >"$RUN/meters"
    meters_sum=$(hash_of <"$RUN/meters")
    if [ "$(field "$STATE/inventory" meters 2>/dev/null)" != "$meters_sum" ]; then
        new_inventory || return
    fi
    INV=$(field "$STATE/inventory" sha)
}

new_inventory() {
    since=
    if [ "$WALL" != - ]; then since="\"since\":\"$(spelled "$WALL")\","; fi
    { printf '{"v":1,"node":"%s","epoch":%s,%s"boot":"%s","meters":[' \
          "$NODE" "$EPOCH" "$since" "$BOOT"
      cat "$RUN/meters"
      printf ']}'; } >"$RUN/payload"
    inventory_signature=$(signature meter-inventory "$RUN/payload") || return
    { echo "sha $(hash_of <"$RUN/payload")"
      echo "meters $meters_sum"
      echo "sig $inventory_signature"
      printf 'p '
      cat "$RUN/payload"
      echo; } | put_flash "$STATE/inventory"
}
