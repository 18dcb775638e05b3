# The node's memory as lines of fields between tabs, and what sampling and sealing do with it.
#
#   Q seq                                   the batch that these records will be in
#   S boot mono wall                        the newest sample
#   H boot order                            the highest interface index seen in this boot
#   M meter inc boot t0 mt0 r0 t1 mt1 r1 cap    an open record
#   R boot k meter inc t0 mt0 t1 mt1 r0 r1 word seq chain    a record that waits to be sealed
#
# Times since boot are hundredths of a second, wall times Unix seconds; "-" is nothing. Counter
# values are texts, never numbers: they reach 2^64 - 1, and awk's numbers are exact to 2^53 only.

function remember(    m) {
    if ($1 == "Q") queue = $2
    else if ($1 == "S") { last_boot = $2; last_mono = $3; last_wall = $4 }
    else if ($1 == "H") { high_boot = $2; high = $3 }
    else if ($1 == "R") record[++records] = $0
    else if ($1 == "M") {
        m = $2
        if (!(m in inc)) name[++meters] = m
        inc[m] = $3; born[m] = $4; t0[m] = $5; mt0[m] = $6; r0[m] = $7
        t1[m] = $8; mt1[m] = $9; r1[m] = $10; cap[m] = $11
    }
}

# Write everything down, with the waiting records from the given one on.
function tell(file, from,    i, m) {
    print "Q\t" queue > file
    if (last_boot != "") print "S\t" last_boot "\t" last_mono "\t" last_wall > file
    if (high_boot != "") print "H\t" high_boot "\t" high > file
    for (i = 1; i <= meters; i++) {
        m = name[i]
        if (m in inc)
            print "M\t" m "\t" inc[m] "\t" born[m] "\t" t0[m] "\t" mt0[m] "\t" r0[m] \
                "\t" t1[m] "\t" mt1[m] "\t" r1[m] "\t" cap[m] > file
    }
    for (i = from; i <= records; i++) print record[i] > file
    close(file)
}

function add(boot, k, meter, a, b, c, d, e, f, g, word) {
    record[++records] = "R\t" boot "\t" k "\t" meter "\t" a "\t" b "\t" c "\t" d "\t" e \
        "\t" f "\t" g "\t" word "\t-\t-"
}

function emit(m, word) {
    if (t0[m] == "-" || t1[m] == "-")
        add(born[m], "counter", m, inc[m], "-", mt0[m], "-", mt1[m], r0[m], r1[m], word)
    else
        add(born[m], "counter", m, inc[m], t0[m], mt0[m], t1[m], mt1[m], r0[m], r1[m], word)
}

# End a record that spans any time; the next begins where it ends.
function close_record(m) {
    if (mt1[m] + 0 > mt0[m] + 0) emit(m, "-")
    t0[m] = t1[m]; mt0[m] = mt1[m]; r0[m] = r1[m]
}

# Whether one counter value is smaller than another, as texts without leading zeros.
function less(a, b) {
    if (length(a) != length(b)) return length(a) < length(b)
    return (a "") < (b "")
}
