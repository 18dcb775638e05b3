"""Make the golden vectors: `python docs/vectors/make.py` writes the *.json beside this file.

Written from docs/metering-protocol.md with the standard library and PyNaCl only, apart from the
site and the agents that are tested with what it makes. Running it again changes nothing.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

from golden import (
    FIRST,
    FOURTH,
    INV,
    INVENTORY,
    NODE,
    OTHER,
    SECOND,
    SEEDS,
    THIRD,
    batch,
    compact,
    digest,
    ends,
    genesis,
    keyid,
    public,
    vector,
    wall,
)
from refused import negative

HERE = Path(__file__).parent


def batches() -> list[dict[str, Any]]:
    """1, 2 and 3 linked; 4 is one that the site refuses; 5 goes on over it and says so."""
    made: list[dict[str, Any]] = []
    prev = genesis(1, "node")
    for seq, (mono, records) in enumerate(((905, FIRST), (1205, SECOND), (1505, THIRD)), 1):
        made.append(vector(f"batch {seq}", "usage-batch", batch(seq, prev, mono, records), "node"))
        prev = made[-1]["chain"]
    refused = batch(4, prev, 1800, FOURTH) | {"surplus": True}
    made.append(vector("batch 4, which is refused: schema", "usage-batch", refused, "node"))
    gap = {"k": "gap", "why": "refused", "seq": 4, "chain": made[-1]["chain"], **ends(1810)}
    last = batch(5, made[-1]["chain"], 1900, [gap, *FOURTH])
    made.append(vector("batch 5, over the gap", "usage-batch", last, "node"))
    return made


def enrolment() -> list[dict[str, Any]]:
    asked = {
        "v": 1,
        "pub": public("node"),
        "next": digest("next"),
        "hostname": "gate",
        "serials": ["board_serial:A1"],
        "agent": "golden/1",
        "sent": wall(0),
    }
    answered = {
        "v": 1,
        "node": NODE,
        "epoch": 1,
        "pub": public("node"),
        "server_keys": [public("site")],
        "config": CONFIG,
        "asset": None,
    }
    return [
        vector("the node asks", "enrol", asked, "node"),
        vector("the site lets it in", "enrolled", answered, "site"),
    ]


CONFIG = {"etag": "a1b2c3", "sample_s": 60, "record_s": 300, "seal_s": 900}


def receipt(seq: int, of: str, status: str = "accepted") -> dict[str, Any]:
    said = {
        "v": 1,
        "node": NODE,
        "epoch": 1,
        "seq": seq,
        "chain": of,
        "received_at": wall(2000),
        "status": status,
        "via": "direct",
        "server": keyid("site"),
        "checkpoint": {"size": 7, "root": "5c" * 32},
    }
    return vector(f"receipt of batch {seq}", "receipt", said, "site")


def config() -> list[dict[str, Any]]:
    said = {"v": 1, "node": NODE, "issued_at": wall(2000), "config": CONFIG, "asset": "A-0007"}
    return [vector("the site configures", "config", said, "site")]


def allowances() -> list[dict[str, Any]]:
    line = {
        "assignment": 7,
        "meter": "if:va:tx",
        "member": 2,
        "pool": "backbone",
        "resource": "bandwidth",
        "num": 1,
        "den": 1_000_000,
        "left": 130_000,
        "over": None,
    }
    told = {
        "v": 1,
        "node": NODE,
        "made_at": wall(2000),
        "until": "2026-11-23T12:33:20Z",
        "period": "2026-11",
        "allowances": [line],
    }
    asked = {"v": 1, "node": NODE, "sent": wall(1999)}
    return [
        vector("the node asks", "allowances-request", asked, "node"),
        vector("the site tells", "allowances", told, "site"),
    ]


def rotations(last: str) -> list[dict[str, Any]]:
    said = {
        "v": 1,
        "node": NODE,
        "epoch": 1,
        "last": 5,
        "chain": last,
        "pub": public("next"),
        "next": digest("after next"),
        "sent": wall(2100),
    }
    return [
        vector("both keys sign", "rotate", said, "node", "next"),
        vector("the old key is lost", "rotate", said | {"sent": wall(2101)}, "next"),
    ]


def trust() -> list[dict[str, Any]]:
    revoked = {
        "node": OTHER,
        "epoch": 1,
        "keyid": keyid("stranger"),
        "last_seq": 41,
        "reason": "stolen",
        "at": wall(1000),
    }
    notice = {
        "node": OTHER,
        "label": "mast",
        "keyids": [keyid("stranger")],
        "state": "quarantined",
        "reason": "link mismatch",
        "since": wall(900),
        "until": "2026-12-06T12:15:00Z",
        "links": [{"own": "if:va:tx", "other": "if:vb:rx"}],
    }
    said = {"v": 1, "issued_at": wall(2000)}
    told = {"v": 1, "node": NODE, "issued_at": wall(2000), "notices": [notice]}
    return [
        vector("keys that were revoked", "revocations", said | {"revoked": [revoked]}, "site"),
        vector("a neighbour is quarantined", "quarantine-notice", told, "site"),
    ]


def audits() -> list[dict[str, Any]]:
    block, nonce = bytes(range(256)) * 16, bytes(range(16))
    asked = {
        "id": 3,
        "meter": "dir:/srv/shares",
        "name": "shares/0007",
        "offset": 4096,
        "length": 4096,
        "nonce": nonce.hex(),
        "until": "2026-11-23T12:00:00Z",
    }
    told = {"v": 1, "node": NODE, "issued_at": wall(2000), "challenges": [asked]}
    found = hashlib.sha256(nonce + block).hexdigest()
    answer = {"v": 1, "node": NODE, "id": 3, "digest": found, "sent": wall(2010)}
    question = {"v": 1, "node": NODE, "sent": wall(1990)}
    return [
        vector("the node asks what it is to show", "challenges-request", question, "node"),
        vector("the site asks", "audit-challenge", told, "site"),
        vector("the node answers; the block is 00 to ff, 16 times", "audit-answer", answer, "node"),
    ]


def countersigns() -> list[dict[str, Any]]:
    said = {"v": 1, "node": NODE, "note": 12, "answer": "accepted", "amount": 4_500}
    no = said | {"answer": "refused", "reason": "the line was down all day"}
    return [
        vector("as delivered", "countersign", said | {"sent": wall(2200)}, "node"),
        vector("not as delivered", "countersign", no | {"sent": wall(2200)}, "node"),
    ]


def carried(inventory: dict[str, Any], chained: list[dict[str, Any]]) -> dict[str, Any]:
    lines = [compact(v["envelope"]).decode() for v in (inventory, *chained[:2])]
    results = [
        {
            "node": NODE,
            "epoch": 1,
            "seq": seq,
            "chain": row["chain"],
            "status": "accepted",
            "code": "",
            "receipt": None if seq is None else receipt(seq, row["chain"])["envelope"],
        }
        for seq, row in ((None, inventory | {"chain": INV}), (1, chained[0]), (2, chained[1]))
    ]
    return {"coopbatch": lines, "coopreceipts": [compact(r).decode() for r in results]}


def written(name: str, value: Any) -> None:
    (HERE / f"{name}.json").write_text(json.dumps(value, indent=1) + "\n")


def main() -> None:
    chained = batches()
    inventory = vector("the meters", "meter-inventory", INVENTORY, "node") | {"inv": INV}
    written("keys", {
        name: {"seed": seed.hex(), "public": public(name), "keyid": keyid(name)}
        for name, seed in SEEDS.items()
    } | {"node id": NODE, "genesis of epoch 1": genesis(1, "node"),
         "genesis of epoch 2": genesis(2, "next")})  # fmt: skip
    written("enrol", enrolment())
    written("inventory", [inventory])
    written("batches", chained)
    written("receipt", [receipt(1, chained[0]["chain"])])
    written("config", config())
    written("allowances", allowances())
    written("rotate", rotations(chained[-1]["chain"]))
    written("trust", trust())
    written("audit", audits())
    written("countersign", countersigns())
    written("carried", carried(inventory, chained))
    written("negative", negative())


if __name__ == "__main__":
    main()
