# Base64 without any tool for it, through hex. `job`: encode (a text file of one line of ASCII),
# decode, tohex, fromhex. Reads one line, writes one line.

BEGIN {
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    for (i = 1; i <= 64; i++) {
        letter[i - 1] = substr(alphabet, i, 1)
        value[letter[i - 1]] = i - 1
    }
    for (i = 0; i < 16; i++) { digit[i] = substr("0123456789abcdef", i + 1, 1); nibble[digit[i]] = i }
    for (i = 1; i < 128; i++) code[sprintf("%c", i)] = i
}

function three(a, b, c, many) {
    return letter[int(a / 4)] letter[a % 4 * 16 + int(b / 16)] \
        (many < 2 ? "=" : letter[b % 16 * 4 + int(c / 64)]) (many < 3 ? "=" : letter[c % 64])
}

# Short pieces, because taking a letter from the middle of a long text is slow in some awks.
function each_piece(line, size,    piece) {
    while (length(line) > 0) {
        piece = substr(line, 1, size)
        line = substr(line, size + 1)
        printf "%s", job == "encode" ? encoded(piece) : job == "fromhex" ? packed(piece) : ""
        if (job == "decode" || job == "tohex") unpack(piece)
    }
}

function encoded(s,    i, text) {
    for (i = 1; i <= length(s); i += 3)
        text = text three(code[substr(s, i, 1)], code[substr(s, i + 1, 1)] + 0, \
            code[substr(s, i + 2, 1)] + 0, length(s) - i + 1)
    return text
}

function octet(s, i) { return nibble[substr(s, i, 1)] * 16 + nibble[substr(s, i + 1, 1)] }

function packed(s,    i, text) {
    for (i = 1; i <= length(s); i += 6)
        text = text three(octet(s, i), octet(s, i + 2), octet(s, i + 4), (length(s) - i + 1) / 2)
    return text
}

function unpack(s,    i, a, b, c, d) {
    for (i = 1; i <= length(s); i += 4) {
        a = value[substr(s, i, 1)]; b = value[substr(s, i + 1, 1)]
        c = substr(s, i + 2, 1); d = substr(s, i + 3, 1)
        put(a * 4 + int(b / 16))
        if (c != "=") put(b % 16 * 16 + int(value[c] / 4))
        if (d != "=") put(value[c] % 4 * 64 + value[d])
    }
}

function put(n) {
    if (job == "decode") printf "%c", n
    else printf "%s", digit[int(n / 16)] digit[n % 16]
}

{ each_piece($0, 240) }
