# The first twenty hex digits on a line as five proquints: docs/metering-protocol.md, section 1.

{
    for (i = 0; i < 16; i++) nibble[substr("0123456789abcdef", i + 1, 1)] = i
    for (i = 0; i < 5; i++) {
        n = 0
        for (j = 1; j <= 4; j++) n = n * 16 + nibble[substr($1, i * 4 + j, 1)]
        printf "%s%s%s%s%s%s", i ? "-" : "", consonant(int(n / 4096)), vowel(int(n / 1024) % 4), \
            consonant(int(n / 64) % 16), vowel(int(n / 16) % 4), consonant(n % 16)
    }
    print ""
}

function consonant(n) { return substr("bdfghjklmnprstvz", n + 1, 1) }
function vowel(n) { return substr("aiou", n + 1, 1) }
