"""Parts of the lite agent by themselves: its awk programs, and what it signs."""

import base64
import hashlib
import itertools
import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from nacl.signing import SigningKey

from signing.words import fingerprint_words
from tests.agent.lite import LITE, Lite, Tree, needs_signer
from tests.vectors import vectors

BIG = 2**64 - 1


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path / "tree")


@pytest.fixture
def lite(tmp_path: Path) -> Lite:
    return Lite(tmp_path / "lite", "")


def test_what_waits_too_long_is_merged_and_not_dropped(tree: Tree) -> None:
    """Twenty samples that are a record each, in a memory that is to hold six."""
    work = tree.root.parent
    (work / "state").write_text("Q\t1\n")
    (work / "faces").write_text(f"wan\t3\t{'ab' * 32}\t-\n")
    for n in range(20):
        tree.put("wan", 3, BIG - 20 + n, 7)
        variables = [
            *(f"boot={tree.boot}", f"mono={1000 + n * 100}", f"wall={1795408331 + n}"),
            *("due=1", "hold=1000", "starting=0", "most=6", f"out={work}/state.new"),
        ]
        parts = [f"part={part}" for part in (1, 2, 3, 4)]
        files = [work / "state", work / "faces", work / "faces", tree.root / "proc/net/dev"]
        inputs = [str(x) for pair in zip(parts, files, strict=True) for x in pair]
        awk("common.awk", "", *variables, more=["-f", str(LITE / "lib/sample.awk"), *inputs])
        (work / "state.new").replace(work / "state")
    rows = [line.split("\t") for line in (work / "state").read_text().splitlines()]
    kept = [row for row in rows if row[0] == "R" and row[3] == "if:wan:rx"]
    assert len([row for row in rows if row[0] == "R"]) <= 7
    assert (kept[0][9], kept[-1][10]) == (str(BIG - 20), str(BIG - 1))
    for before, after in itertools.pairwise(kept):
        assert (after[9], after[6]) == (before[10], before[8])


SIGNING = """
set -eu
LIB=$COOP_LIB RUN=$WORK STATE=$WORK
for part in store sign; do . "$LIB/$part.sh"; done
signer
BASE64=$(base64_tool)
KEYID=$(keyid_of "$(public_of "$STATE/agent.sec")")
words_of "$(public_of "$STATE/agent.sec")"
for file in "$WORK"/payload.*; do
    name=${file##*.}
    envelope "$name" "$file" "$(signature "$name" "$file")"
    echo
done
flattened "$WORK/receipt.json" >"$RUN/flat"
opened "" "$SITE" receipt "$WORK/believed.json" && cat "$WORK/believed.json"
echo
opened "" "$STRANGER" receipt "$WORK/other.json" || echo "not believed"
"""


@needs_signer
@pytest.mark.parametrize("tool", ["base64", "awk"])
def test_it_signs_the_golden_vectors_to_the_byte(lite: Lite, tmp_path: Path, tool: str) -> None:
    work, node = tmp_path / "work", vectors("keys")["node"]
    work.mkdir()
    (work / "agent.sec").write_text(signify_key(bytes.fromhex(node["seed"])))
    wanted = {}
    for name in ("enrol", "meter-inventory", "usage-batch"):
        file = {"meter-inventory": "inventory", "usage-batch": "batches"}.get(name, name)
        (work / f"payload.{name}").write_text(vectors(file)[0]["payload"])
        wanted[name] = vectors(file)[0]["envelope"]
    (work / "receipt.json").write_text(json.dumps(vectors("receipt")[0]["envelope"]))
    lite.more = {
        "WORK": str(work),
        "COOP_BASE64": tool,
        **{name.upper(): vectors("keys")[name]["public"] for name in ("site", "stranger")},
    }
    done = subprocess.run(
        ["sh", "-c", SIGNING], env=lite.environment(), capture_output=True, text=True, check=True
    )
    words, *envelopes, receipt, last = done.stdout.splitlines()
    assert words == fingerprint_words(bytes.fromhex(node["public"]))
    assert [json.loads(line) for line in envelopes] == list(wanted.values())
    assert receipt == vectors("receipt")[0]["payload"]
    assert last == "not believed"


def signify_key(seed: bytes) -> str:
    """A secret key as usign and signify keep it, without a passphrase."""
    secret = seed + bytes(SigningKey(seed).verify_key)
    check = hashlib.sha512(secret).digest()[:8]
    packed = b"EdBK" + bytes(4) + bytes(16) + check + b"keynumbr" + secret
    return f"untrusted comment: golden\n{base64.b64encode(packed).decode()}\n"


def awk(program: str, text: str, *variables: str, more: Sequence[str] = ()) -> str:
    options = [part for variable in variables for part in ("-v", variable)]
    return subprocess.run(
        ["awk", "-f", str(LITE / "lib" / program), *options, *more],
        input=text,
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
    ).stdout


@pytest.mark.parametrize("size", [1, 2, 3, 239, 240, 241, 1000])
def test_base64_without_a_tool_is_base64(size: int) -> None:
    raw = bytes((i * 7) % 95 + 32 for i in range(size))
    coded = base64.b64encode(raw).decode()
    assert awk("base64.awk", raw.decode(), "job=encode") == coded
    assert awk("base64.awk", coded, "job=decode") == raw.decode()
    assert awk("base64.awk", coded, "job=tohex") == raw.hex()
    assert awk("base64.awk", raw.hex(), "job=fromhex") == coded


def test_json_is_read_in_any_spelling() -> None:
    value = {"a": [{"b": "x, y"}, [], 7, None], "c": {"d": True}, "e": {}}
    for text in (json.dumps(value), json.dumps(value, indent=3)):
        assert dict(line.split("\t") for line in awk("json.awk", text).splitlines()) == {
            "a.0.b": "x, y",
            "a.1.length": "0",
            "a.2": "7",
            "a.3": "null",
            "a.length": "4",
            "c.d": "true",
        }
