"""The share transactions in the Open Cap Table Format, 1.2.0 (opencaptablecoalition.com).

| here | there |
|---|---|
| the cooperative | the issuer in the manifest |
| a member with a number | STAKEHOLDER `member-12` |
| a pool | STOCK_CLASS `pool-backbone`, common, one vote a member and so none a share |
| a title | a security `title-0412` with its TX_STOCK_ISSUANCE |
| a title that went on in others | TX_STOCK_TRANSFER on it, naming the securities that follow |
| units given back | TX_STOCK_REPURCHASE, with what is left in `balance_security_id` |

A title that follows on others has its own issuance, as the format wants. Amounts are decimal
text; a price per share is rounded to the ten digits that the format has, the sum is `cost_basis`.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.utils import timezone

from assets.accounts import MONEY
from ledger.arithmetic import rhe
from members.models import Cooperative, Member
from members.queries import cooperative
from titles.exchange.export import read_register
from titles.exchange.files import Files
from titles.exchange.shapes import PoolRow, RedemptionRow, Register, TitleRow, TransferRow

VERSION = "1.2.0"
NOWHERE = "ZZ"
"""the code that ISO 3166 leaves to users: where a cooperative was formed, if nobody said"""
DIGITS = 10
Thing = dict[str, Any]
LISTS = {
    "stock_classes_files": ("OCF_STOCK_CLASSES_FILE", "StockClasses.ocf.json"),
    "stakeholders_files": ("OCF_STAKEHOLDERS_FILE", "Stakeholders.ocf.json"),
    "transactions_files": ("OCF_TRANSACTIONS_FILE", "Transactions.ocf.json"),
}
EMPTY = ("stock_plans_files", "stock_legend_templates_files", "vesting_terms_files",
         "valuations_files")  # fmt: skip


def export_ocf(*, country: str = "") -> Files:
    """The package: the manifest and the files that it names. `country` as ISO 3166, two letters."""
    return package(read_register(), cooperative(), country=country)


def package(register: Register, issuer: Cooperative, *, country: str = "") -> Files:
    """The files of a register in that format."""
    items = {
        "stock_classes_files": [stock_class(pool) for pool in register.pools],
        "stakeholders_files": [stakeholder(member) for member in register.members],
        "transactions_files": list(transactions(register)),
    }
    files = {
        name: _json({"file_type": kind, "items": items[key]}) for key, (kind, name) in LISTS.items()
    }
    return {"Manifest.ocf.json": _json(_manifest(register, issuer, country, files)), **files}


def _manifest(register: Register, issuer: Cooperative, country: str, files: Files) -> Thing:
    now = timezone.now()
    return {
        "file_type": "OCF_MANIFEST_FILE",
        "ocf_version": VERSION,
        "issuer": _issuer(register, issuer, country),
        "as_of": timezone.localdate(now).isoformat(),
        "generated_at": now.isoformat(timespec="seconds"),
        **{key: [_file(name, files[name])] for key, (_kind, name) in LISTS.items()},
        **{key: [] for key in EMPTY},
    }


def _issuer(register: Register, issuer: Cooperative, country: str) -> Thing:
    days = [timezone.localdate(member.admitted_at) for member in register.members]
    return {
        "object_type": "ISSUER",
        "id": "issuer",
        "legal_name": issuer.legal_name,
        "dba": issuer.name,
        "formation_date": min(days, default=timezone.localdate()).isoformat(),
        "country_of_formation": (country or issuer.iban[:2] or NOWHERE).upper(),
    }


def _file(name: str, raw: bytes) -> Thing:
    return {"filepath": name, "md5": hashlib.md5(raw, usedforsecurity=False).hexdigest()}


def stock_class(pool: PoolRow) -> Thing:
    """A pool as a class of stock."""
    return {
        "object_type": "STOCK_CLASS",
        "id": f"pool-{pool.code}",
        "name": pool.name,
        "class_type": "COMMON",
        "default_id_prefix": "T-",
        "initial_shares_authorized": str(pool.units),
        "votes_per_share": 0,
        "seniority": "1",
    }


def stakeholder(member: Any) -> Thing:
    """A member as a stakeholder."""
    is_person = member.kind == Member.Kind.PERSON
    return {
        "object_type": "STAKEHOLDER",
        "id": f"member-{member.number}",
        "name": {"legal_name": member.name},
        "stakeholder_type": "INDIVIDUAL" if is_person else "INSTITUTION",
        "issuer_assigned_id": str(member.number),
    }


def transactions(register: Register) -> Iterator[Thing]:
    """Every issuance, transfer and repurchase, by the number of the title."""
    out: dict[int, list[TransferRow]] = defaultdict(list)
    for row in register.transfers:
        out[row.earlier].append(row)
    redeemed = {row.title: row for row in register.redemptions}
    for title in register.titles:
        yield _issuance(title)
        if title.number in redeemed:
            yield _repurchase(redeemed[title.number], out[title.number])
        elif title.number in out:
            yield _transfer(title.number, out[title.number])


def _security(number: int) -> str:
    return f"title-{number:04d}"


def _issuance(title: TitleRow) -> Thing:
    return {
        "object_type": "TX_STOCK_ISSUANCE",
        "id": f"issue-{title.number:04d}",
        "date": timezone.localdate(title.issued_at).isoformat(),
        "security_id": _security(title.number),
        "custom_id": f"T-{title.number:04d}",
        "stakeholder_id": f"member-{title.member}",
        "stock_class_id": f"pool-{title.pool}",
        "quantity": str(title.units),
        "share_price": _money(title.paid_in, title.units),
        "cost_basis": _money(title.paid_in),
        "security_law_exemptions": [],
        "stock_legend_ids": [],
        "consideration_text": title.origin,
    }


def _transfer(number: int, rows: Sequence[TransferRow]) -> Thing:
    return {
        "object_type": "TX_STOCK_TRANSFER",
        "id": f"transfer-{number:04d}",
        "date": timezone.localdate(rows[0].at).isoformat(),
        "security_id": _security(number),
        "resulting_security_ids": [_security(row.later) for row in rows],
    }


def _repurchase(row: RedemptionRow, rest: Sequence[TransferRow]) -> Thing:
    left = {"balance_security_id": _security(rest[0].later)} if rest else {}
    return {
        "object_type": "TX_STOCK_REPURCHASE",
        "id": f"repurchase-{row.title:04d}",
        "date": timezone.localdate(row.at).isoformat(),
        "security_id": _security(row.title),
        "price": _money(row.paid, row.units),
        "quantity": str(row.units),
        "consideration_text": f"paid: {_money(row.paid)['amount']} {MONEY}",
        **left,
    }


def _money(cents: int, parts: int = 1) -> Thing:
    """Cents as decimal text, divided by `parts` and rounded to ten digits, half to even."""
    scaled = rhe(cents * 10 ** (DIGITS - 2), parts)
    whole, rest = divmod(scaled, 10**DIGITS)
    decimals = f"{rest:0{DIGITS}d}".rstrip("0").ljust(2, "0")
    return {"amount": f"{whole}.{decimals}", "currency": MONEY}


def _json(value: Mapping[str, Any]) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()
