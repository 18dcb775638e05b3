# shellcheck shell=sh
# Instants and readings. $COOP_ROOT stands before /proc and /sys: a recorded tree, or nothing.

RELEASED=1793491200

# BOOT; MONO, hundredths of a second since it; WALL, Unix seconds or "-".
now() {
    read -r BOOT <"$COOP_ROOT/proc/sys/kernel/random/boot_id"
    read -r MONO _ <"$COOP_ROOT/proc/uptime"
    MONO=${MONO%.*}${MONO#*.}
    MONO=${MONO#"${MONO%%[!0]*}"}
    MONO=${MONO:-0}
    WALL=$(date +%s)
    [ "$WALL" -ge "$RELEASED" ] || WALL=-
}

clock_quality() {
    if [ "$WALL" = - ]; then
        echo unset
    elif adjtimex 2>/dev/null | grep -q 'return value: [0-4]'; then
        echo ntp
    else
        echo rtc
    fi
}

# The wall time $1 as the wire writes it.
spelled() {
    date -u -d "@$1" +%Y-%m-%dT%H:%M:%SZ
}

# Name and index of every interface.
interfaces() {
    for face in "$COOP_ROOT"/sys/class/net/*; do
        if { read -r index <"$face/ifindex"; } 2>/dev/null; then
            printf '%s\t%s\n' "${face##*/}" "$index"
        fi
    done
}

# Whether an interface is wanted, and has a name that needs no care in JSON.
wanted() {
    case $1 in
        *[!A-Za-z0-9_.@:-]*) return 1 ;;
    esac
    set -f
    matches "$1"
    wanted_it=$?
    set +f
    return "$wanted_it"
}

matches() {
    for pattern in $INTERFACES; do
        # shellcheck disable=SC2254
        case $1 in
            $pattern) return 0 ;;
        esac
    done
    return 1
}

# INC: the incarnation of interface $1 with index $2; hashed once and remembered.
incarnation() {
    while read -r inc_boot inc_index inc_name INC; do
        if [ "$inc_boot $inc_index $inc_name" = "$BOOT $2 $1" ]; then return; fi
    done 2>/dev/null <"$RUN/incs"
    INC=$(printf '%s\n%s\n%s' "$BOOT" "$2" "$1" | hash_of)
    echo "$BOOT $2 $1 $INC" >>"$RUN/incs"
}

# CAP: bytes a second if the link says how fast it is, or "-".
capacity() {
    CAP=-
    { read -r speed <"$COOP_ROOT/sys/class/net/$1/speed"; } 2>/dev/null || return 0
    case $speed in
        '' | *[!0-9]* | 0) ;;
        *) CAP=$((speed * 125000)) ;;
    esac
}

described() {
    while read -r name index; do
        if wanted "$name"; then
            incarnation "$name" "$index"
            capacity "$name"
            printf '%s\t%s\t%s\t%s\n' "$name" "$index" "$INC" "$CAP"
        fi
    done
}

# One round: every reading into the memory, in one replacement of a file.
sample() {
    now
    : >>"$RUN/incs"
    interfaces | described >"$RUN/before"
    cat "$COOP_ROOT/proc/net/dev" >"$RUN/counters" || return
    interfaces >"$RUN/after"
    sample_record=$RECORD
    if halted; then sample_record=86400; fi
    awk -f "$LIB/common.awk" -f "$LIB/sample.awk" -v boot="$BOOT" -v mono="$MONO" -v wall="$WALL" \
        -v due="$((sample_record * 100 - SAMPLE * 50))" -v hold="$((sample_record * 200))" \
        -v starting="$STARTING" -v most="$MOST_WAITING" -v out="$RUN/state.new" \
        part=1 "$RUN/state" part=2 FS='\t' "$RUN/before" part=3 "$RUN/after" \
        part=4 "$RUN/counters" && mv "$RUN/state.new" "$RUN/state" && STARTING=0
}
