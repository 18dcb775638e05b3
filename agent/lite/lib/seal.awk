# From the memory to the records of one batch. Variables: boot, mono, wall, most, rest (a file).
# Prints the batch's boot, its mono and how many records, then the records as JSON on one line;
# writes to `rest` the memory as it is once the batch is on the flash.

{ remember() }

# Unix seconds as the wire writes them; days are counted from 1 March of year 0.
function spelled(t,    days, era, of_era, year, of_year, month) {
    days = int(t / 86400); t -= days * 86400
    days += 719468
    era = int(days / 146097); of_era = days - era * 146097
    year = int((of_era - int(of_era / 1460) + int(of_era / 36524) - int(of_era / 146096)) / 365)
    of_year = of_era - (365 * year + int(year / 4) - int(year / 100))
    month = int((5 * of_year + 2) / 153)
    days = of_year - int((153 * month + 2) / 5) + 1
    month += month < 10 ? 3 : -9
    year += era * 400 + (month <= 2)
    return sprintf("%04d-%02d-%02dT%02d:%02d:%02dZ", year, month, days, \
        int(t / 3600), int(t % 3600 / 60), t % 60)
}

# A wall time; where it is not known yet, what the present one says of this boot.
function moment(key, t, mt) {
    if (t == "-" && mt != "-" && f[2] == boot && wall != "-") t = wall - int((mono - mt) / 100)
    return t == "-" ? "" : ",\"" key "\":\"" spelled(t) "\""
}

function text(key, value) { return value == "-" ? "" : ",\"" key "\":\"" value "\"" }

# Hundredths of a second as the wire's nanoseconds.
function nano(key, mt) { return mt == "-" ? "" : ",\"" key "\":\"" mt "0000000\"" }

function json(n) {
    return "{\"n\":" n ",\"k\":\"" f[3] "\"" text("m", f[4]) text("inc", f[5]) \
        moment("t0", f[6], f[7]) moment("t1", f[8], f[9]) nano("mt0", f[7]) nano("mt1", f[9]) \
        text("r0", f[10]) text("r1", f[11]) word(f[3], f[12]) \
        (f[13] == "-" ? "" : ",\"seq\":" f[13]) text("chain", f[14]) "}"
}

function word(k, said) {
    if (said == "-") return ""
    if (k == "counter") return ",\"f\":[\"" said "\"]"
    return (k == "gap" ? ",\"why\":\"" : ",\"e\":\"") said "\""
}

END {
    for (i = 1; i <= meters; i++) close_record(name[i])
    for (i = 1; i <= records && i <= most; i++) {
        split(record[i], f, "\t")
        if (i == 1) of = f[2]
        if (f[2] != of) break
        if (f[9] != "-" && f[9] + 0 > ends + 0) ends = f[9]
        list = list (i > 1 ? "," : "") json(i)
    }
    if (records) {
        print of, (of == boot ? mono : ends) "0000000", i - 1
        print list
    }
    queue++
    tell(rest, i)
}
