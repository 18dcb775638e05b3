# A JSON text as lines of path and value: `results.0.status<tab>accepted`. Texts keep their escapes,
# which nothing that the agent looks at contains.

{ text = text $0 "\n" }

function next_token(    token) {
    if (!match(text, /^[ \t\r\n]*("([^"\\]|\\.)*"|[][{},:]|[^][{},:" \t\r\n]+)/)) return ""
    token = substr(text, 1, RLENGTH)
    text = substr(text, RLENGTH + 1)
    sub(/^[ \t\r\n]*/, "", token)
    return token
}

function value(path, token,    i, key) {
    if (token == "{") {
        for (token = next_token(); token != "}" && token != ""; token = next_token()) {
            if (token == ",") continue
            key = substr(token, 2, length(token) - 2)
            next_token()
            value(path (path == "" ? "" : ".") key, next_token())
        }
    } else if (token == "[") {
        for (token = next_token(); token != "]" && token != ""; token = next_token())
            if (token != ",") value(path (path == "" ? "" : ".") i++, token)
        print path ".length\t" i + 0
    } else {
        if (token ~ /^"/) token = substr(token, 2, length(token) - 2)
        print path "\t" token
    }
}

END { value("", next_token()) }
