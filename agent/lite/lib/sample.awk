# One round of readings into the memory: the rules are those of docs/metering-protocol.md, section 4.
#
# Variables: boot, mono, wall, due, hold (hundredths), starting, most (waiting records), out.
# Files: part=1 the memory; part=2 interface, index, inc, cap; part=3 interface, index, read after
# the counters; part=4 /proc/net/dev.

part == 1 { remember(); next }
part == 2 { index_of[$1] = $2; inc_of[$1] = $3; cap_of[$1] = $4; next }
part == 3 { after[$1] = $2; next }
part == 4 && /:/ {
    line = $0
    sub(/^[ \t]*/, "", line)
    at = match(line, /:[^:]*$/)
    face = substr(line, 1, at - 1)
    # One replaced while we read has the counters of the old and the index of the new.
    if (!(face in index_of) || after[face] != index_of[face]) next
    split(substr(line, at + 1), field, " ")
    face_of[++faces] = face; rx[face] = field[1]; tx[face] = field[9]
}

function interrupted() {
    if (last_boot == "") return
    if (last_boot != boot)
        add(boot, "event", "-", "-", "-", "-", wall, mono, "-", "-", "reboot")
    else if (mono - last_mono > hold)
        add(boot, "gap", "-", "-", last_wall, last_mono, wall, mono, "-", "-", \
            starting ? "agent_stopped" : "driver_failed")
}

# What an earlier boot left open, or is seen no more, ends before anything of this round.
function close_abandoned(    i, m) {
    for (i = 1; i <= meters; i++) {
        m = name[i]
        if (born[m] != boot || mono - mt1[m] > hold) close_record(m)
        if (mt0[m] == mt1[m] && mono > 8640000 && (born[m] != boot || mono - mt1[m] > 8640000))
            delete inc[m]
    }
}

function baseline(m, face, value,    fresh) {
    if (m in inc) {
        close_record(m)
        fresh = born[m] != boot || high_boot != boot || index_of[face] + 0 > high + 0
    } else if (!(m in t0)) name[++meters] = m
    if (last_boot == boot)
        add(boot, "event", m, "-", "-", "-", wall, mono, "-", "-", "iface_new")
    inc[m] = inc_of[face]; born[m] = boot
    t0[m] = t1[m] = wall; mt0[m] = mt1[m] = mono; r0[m] = r1[m] = value
    emit(m, fresh ? "fresh" : "-")
}

function count(m, face, value,    fell) {
    cap[m] = cap_of[face]
    if (!(m in inc) || (inc[m] "") != (inc_of[face] "")) { baseline(m, face, value); return }
    # A fall inside a record cannot be seen from its two ends, so it gets a record alone.
    fell = less(value, r1[m])
    if (fell) close_record(m)
    t1[m] = wall; mt1[m] = mono; r1[m] = value
    if (fell || mt1[m] - mt0[m] >= due) close_record(m)
}

# What waits too long is merged, not dropped: first end and last end of the same incarnation.
function merged(    i, f, g, key, kept, last) {
    for (i = 1; i <= records; i++) {
        split(record[i], f, "\t")
        key = f[2] "\t" f[4] "\t" f[5]
        if (f[3] == "counter" && f[12] == "-" && (key in last)) {
            split(record[last[key]], g, "\t")
            if (g[12] == "-" && g[9] == f[7] && g[11] == f[10]) {
                record[last[key]] = "R\t" f[2] "\tcounter\t" f[4] "\t" f[5] "\t" g[6] "\t" g[7] \
                    "\t" f[8] "\t" f[9] "\t" g[10] "\t" f[11] "\t-\t-\t-"
                continue
            }
        }
        record[++kept] = record[i]
        if (f[3] == "counter") last[key] = kept
    }
    records = kept
}

END {
    close_abandoned()
    interrupted()
    top = high_boot == boot ? high : 0
    for (i = 1; i <= faces; i++) {
        face = face_of[i]
        count("if:" face ":rx", face, rx[face])
        count("if:" face ":tx", face, tx[face])
    }
    for (face in index_of) if (index_of[face] + 0 > top + 0) top = index_of[face]
    high_boot = boot; high = top
    last_boot = boot; last_mono = mono; last_wall = wall
    if (records > most) merged()
    tell(out, 1)
}
