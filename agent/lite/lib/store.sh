# shellcheck shell=sh
# The flash ($STATE) and the memory ($RUN): one file a batch, whole or absent.
#
# A batch file holds all that must be known once the batch exists: its chain value, its payload and
# signature, the receipts that came since the one before, and the state of every meter. So sealing is
# one write and one rename, and a number is on the flash before anything is sent under it.

say() {
    echo "coop-lite: $*" >&2
}

fail() {
    say "$*"
    exit 1
}

# Note what a person should see, once.
alert() {
    grep -qsxF -- "$*" "$RUN/alerts" && return
    echo "$*" >>"$RUN/alerts"
    say "$*"
    if command -v logger >/dev/null; then logger -t coop-lite -p user.err -- "$*"; fi
}

# Replace a file on the flash by standard input, so that a power cut leaves the old or the new one.
put_flash() {
    (umask 077 && cat >"$1.new") && sync "$1.new" && mv "$1.new" "$1" && sync "${1%/*}" && return
    rm -f "$1.new"
    return 1
}

# The same in memory, where only a kill can come between.
put_memory() {
    cat >"$RUN/$1.new" && mv "$RUN/$1.new" "$RUN/$1"
}

batch_file() {
    printf '%s/queue/%010d' "$STATE" "$1"
}

# One field of the batch file $1: the rest of the line that begins with the word $2.
field() {
    sed -n "s/^$2 //p" "$1"
}

# SEQ, CHAIN, ACKED and the memory's `state`, from the newest batch and what is in memory.
load() {
    SEQ=0 CHAIN=$GENESIS ACKED=0 newest=
    for newest_file in "$STATE"/queue/[0-9]*[0-9]; do
        [ -e "$newest_file" ] && newest=$newest_file
    done
    if [ -n "$newest" ]; then
        sealed_whole "$newest" || { halt "damaged: $newest was changed on the flash"; return; }
        SEQ=$(field "$newest" seq) CHAIN=$(field "$newest" chain) ACKED=$(field "$newest" acked)
    fi
    if [ -s "$RUN/acked" ]; then ACKED=$(cat "$RUN/acked"); fi
    load_memory
}

# What is in memory counts only if it goes on from the newest batch: a kill may have come between.
load_memory() {
    if [ "$(sed -n 's/^Q	//p' "$RUN/state" 2>/dev/null)" = "$((SEQ + 1))" ]; then return; fi
    if [ -n "$newest" ]; then
        sed -n 's/^s //p' "$newest" | put_memory state
    else
        printf 'Q\t1\n' | put_memory state
    fi
    resay_refused
}

sealed_whole() {
    [ "$(field "$1" sum)" = "$(sed '/^sum /d' "$1" | hash_of)" ]
}

# Tell of a batch that was put aside: in the records, and on the flash until a batch has said so.
resay_refused() {
    for refused in "$STATE"/dead/[0-9]*[0-9]; do
        if [ -e "$refused" ]; then
            say_refused "$(field "$refused" seq)" "$(field "$refused" chain)"
        fi
    done
}

say_refused() {
    now
    { cat "$RUN/state"
      printf 'R\t%s\tgap\t-\t-\t-\t-\t%s\t%s\t-\t-\trefused\t%s\t%s\n' \
          "$BOOT" "$WALL" "$MONO" "$1" "$2"; } | put_memory state
}

halt() {
    alert "$*"
    echo "$*" | put_flash "$STATE/halted"
}

halted() {
    [ -e "$STATE/halted" ]
}

# Let go of receipted batches beyond KEEP_BATCHES, the newest never.
prune() {
    for old in "$STATE"/queue/[0-9]*[0-9]; do
        [ -e "$old" ] || return 0
        prune_seq=${old##*/}
        prune_seq=${prune_seq#"${prune_seq%%[!0]*}"}
        if [ "${prune_seq:-0}" -gt "$((SEQ - KEEP_BATCHES))" ]; then return 0; fi
        if [ "$prune_seq" -gt "$ACKED" ] || [ "$prune_seq" -ge "$SEQ" ]; then return 0; fi
        rm -f "$old"
    done
}

# Only one agent works on a state folder; a lock of a process that is gone is broken.
take_lock() {
    mine="$$ $(started $$)"
    if (set -C && echo "$mine" >"$RUN/lock") 2>/dev/null; then return; fi
    read -r lock_pid lock_start <"$RUN/lock"
    if [ -n "$lock_start" ] && [ "$(started "$lock_pid")" = "$lock_start" ]; then
        fail "another agent uses $STATE"
    fi
    echo "$mine" | put_memory lock
}

# When a process began, in ticks since boot: a number that is not used again with the same pid.
started() {
    sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d ' ' -f 20
}
