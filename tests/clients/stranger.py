"""A client of another's making, written from docs/metering-protocol.md alone.

Python's standard library and the `openssl` command, nothing of the agent and nothing of the site:
`stranger.py enrol FOLDER URL`, then `stranger.py send FOLDER URL VALUE [VALUE …]`, which sends a
batch for each value that the counter `if:stranger0:tx` has come to.
"""

import base64
import hashlib
import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

PUBLIC_PREFIX = bytes.fromhex("302a300506032b6570032100")  # RFC 8410: an Ed25519 key in DER
BOOT = "4d1f5f0e-8a6c-4f57-9d9b-6a6c7a5b1c2d"
METER = "if:stranger0:tx"
INC = hashlib.sha256(f"{BOOT}\n3\nstranger0".encode()).hexdigest()


def openssl(*arguments: str) -> bytes:
    return subprocess.run(["openssl", *arguments], check=True, capture_output=True).stdout


def kind(name: str) -> str:
    return f"application/vnd.coop.{name}+json;v=1"


def pae(name: str, payload: bytes) -> bytes:
    label = kind(name).encode()
    return b"DSSEv1 %d %s %d %s" % (len(label), label, len(payload), payload)


def public_of(key: Path) -> bytes:
    return openssl("pkey", "-in", str(key), "-pubout", "-outform", "DER")[len(PUBLIC_PREFIX) :]


def made_key(path: Path) -> bytes:
    if not path.exists():
        openssl("genpkey", "-algorithm", "ed25519", "-out", str(path))
    return public_of(path)


def envelope(folder: Path, name: str, said: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """The signed envelope, and its chain value."""
    payload = json.dumps(said).encode()
    (folder / "signed").write_bytes(pae(name, payload))
    key, message = str(folder / "key.pem"), str(folder / "signed")
    sig = openssl("pkeyutl", "-sign", "-rawin", "-inkey", key, "-in", message)
    keyid = hashlib.sha256(public_of(folder / "key.pem")).hexdigest()[:32]
    signed = {"keyid": f"ed25519:{keyid}", "sig": base64.b64encode(sig).decode()}
    text = base64.b64encode(payload).decode()
    wire = {"payloadType": kind(name), "payload": text, "signatures": [signed]}
    return wire, hashlib.sha256(pae(name, payload)).hexdigest()


def opened(folder: Path, wire: dict[str, Any], name: str, trusted: bytes) -> dict[str, Any]:
    """What the trusted key signed as a `name`; raises if it did not."""
    payload = base64.b64decode(wire["payload"], validate=True)
    (folder / "message").write_bytes(pae(name, payload))
    (folder / "sig").write_bytes(base64.b64decode(wire["signatures"][0]["sig"]))
    (folder / "public.der").write_bytes(PUBLIC_PREFIX + trusted)
    assert wire["payloadType"] == kind(name)
    openssl(
        *("pkeyutl", "-verify", "-rawin", "-pubin", "-keyform", "DER"),
        *("-inkey", str(folder / "public.der"), "-sigfile", str(folder / "sig")),
        *("-in", str(folder / "message")),
    )
    return dict(json.loads(payload))


def post(url: str, body: Any) -> tuple[int, dict[str, Any]]:
    request = urllib.request.Request(
        url, json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def wall(moment: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))


def enrol(folder: Path, url: str) -> None:
    public = made_key(folder / "key.pem")
    promise = hashlib.sha256(made_key(folder / "next.pem")).hexdigest()
    asked = {"v": 1, "pub": public.hex(), "next": promise, "hostname": "stranger"}
    status, codes = post(f"{url}/api/v1/agent/enrol", envelope(folder, "enrol", asked)[0])
    assert status == 200, codes
    (folder / "code").write_text(codes["user_code"])
    while True:
        poll = {"device_code": codes["device_code"]}
        status, answer = post(f"{url}/api/v1/agent/enrol/poll", poll)
        if status == 200:
            break
        assert answer["code"] == "authorization_pending"
        time.sleep(codes["interval"])
    named = json.loads(base64.b64decode(answer["payload"]))["server_keys"]
    said = opened(folder, answer, "enrolled", bytes.fromhex(named[0]))
    start = f"coop-usage-chain-v1\n{said['node']}\n{said['epoch']}\n".encode()
    memory = {"node": said["node"], "epoch": said["epoch"], "site": named[0], "seq": 0}
    memory |= {"chain": hashlib.sha256(start + public).hexdigest(), "value": None, "receipts": []}
    (folder / "memory.json").write_text(json.dumps(memory))


def send(folder: Path, url: str, values: list[int]) -> None:
    memory = json.loads((folder / "memory.json").read_text())
    of = {"v": 1, "node": memory["node"], "epoch": memory["epoch"], "boot": BOOT}
    line = {"m": METER, "k": "counter", "u": "By", "driver": "netdev"}
    inventory, _ = envelope(folder, "meter-inventory", of | {"meters": [line]})
    inv = hashlib.sha256(base64.b64decode(inventory["payload"])).hexdigest()
    batches, chains = [], []
    for value in values:
        now, mono = time.time(), time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        before = memory["value"] or {"r1": str(value), "t1": wall(now), "mt1": str(mono)}
        after = {"r1": str(value), "t1": wall(now), "mt1": str(mono)}
        begins = {"r0": before["r1"], "t0": before["t1"], "mt0": before["mt1"]}
        record = {"n": 1, "k": "counter", "m": METER, "inc": INC} | begins | after
        head = {"seq": memory["seq"] + 1, "prev": memory["chain"], "sent": wall(now), "inv": inv}
        clock = {"mono": str(mono), "clock": "rtc", "records": [record]}
        wire, chain = envelope(folder, "usage-batch", of | head | clock)
        memory |= {"seq": memory["seq"] + 1, "chain": chain, "value": after}
        batches.append(wire)
        chains.append((memory["seq"], chain))
    (folder / "memory.json").write_text(json.dumps(memory))
    status, answer = post(f"{url}/api/v1/agent/envelopes", {"envelopes": [inventory, *batches]})
    assert status == 200, answer
    for (seq, chain), result in zip(chains, answer["results"][1:], strict=True):
        receipt = opened(folder, result["receipt"], "receipt", bytes.fromhex(memory["site"]))
        assert (receipt["node"], receipt["seq"], receipt["chain"]) == (memory["node"], seq, chain)
        memory["receipts"].append(result["receipt"])
    (folder / "memory.json").write_text(json.dumps(memory))


if __name__ == "__main__":
    command, place, address, *numbers = sys.argv[1:]
    Path(place).mkdir(parents=True, exist_ok=True)
    if command == "enrol":
        enrol(Path(place), address)
    else:
        send(Path(place), address, [int(number) for number in numbers])
