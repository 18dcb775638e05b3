"""How a node is let in: it asks with its key, a steward compares and approves (RFC 8628)."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from assets.models import Asset, Pool
from members.models import Member, User
from metering.errors import (
    AccessDenied,
    AuthorizationPending,
    BadSignature,
    ExpiredToken,
    KeyOfAnotherNode,
    NoSuchCode,
    SchemaError,
    SlowDown,
    TooManyAsking,
)
from metering.models import EnrolmentRequest, Node, NodeKey, NodeStateChange
from metering.payloads import Enrol, read_enrol, spelled
from signing import dsse, keys, strict_json
from signing.errors import SigningError

ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"
CODE_LENGTH = 8
LIFETIME = timedelta(minutes=15)
POLL_SECONDS = 5
MOST_ASKING = 50
IN_USE = (Node.State.ACTIVE, Node.State.SILENT, Node.State.SUSPECT, Node.State.QUARANTINED)
FIRST_EPOCH = 1
CLAIM = (
    "state", "user_code", "label", "pool_id", "asset_id", "owner_id", "replaces",
    "claimed_at", "claimed_by_id", "expires_at",
)  # fmt: skip
"""what a claimed request keeps when its node asks again"""
ENROL = dsse.payload_type("enrol")
ENROLLED = dsse.payload_type("enrolled")
CONFIG = dsse.payload_type("config")


@dataclass(frozen=True)
class Codes:
    """What a node gets to know when it asks: a secret to poll with, a code to show."""

    device_code: str
    user_code: str


def start_enrolment(*, envelope: dsse.Envelope, lifetime: timedelta = LIFETIME) -> Codes:
    """Take a node's request; it waits fifteen minutes, or the given time, to be let in.

    An earlier request of the same key is replaced; what one person has claimed of it stands, with
    its code. Raises Malformed, SchemaError, BadSignature, and TooManyAsking while fifty other
    nodes wait.
    """
    request = verified_request(envelope)
    keyid = dsse.keyid(bytes.fromhex(request.pub))
    with transaction.atomic(durable=True):
        require_few_others(keyid)
        claimed = replace_earlier(keyid, request.next)
        user_code = str(claimed.get("user_code") or new_user_code())
        codes = Codes(secrets.token_urlsafe(32), user_code)
        asked = {
            "device_digest": digest_of(codes.device_code),
            "user_code": user_code,
            "public_key": bytes.fromhex(request.pub),
            "keyid": keyid,
            "next_digest": request.next,
            "hostname": request.hostname,
            "envelope": envelope.as_json(),
            "expires_at": timezone.now() + lifetime,
        }
        EnrolmentRequest.objects.create(**asked | claimed)
    return codes


def replace_earlier(keyid: str, next_digest: str) -> dict[str, object]:
    """End a key's earlier requests; what somebody claimed of one, for the new one to go on with.

    The same key and the same next key: whoever compared the words compared them for this one too.
    """
    rows = EnrolmentRequest.objects.filter(keyid=keyid, next_digest=next_digest)
    claimed = rows.filter(state="claimed", expires_at__gt=timezone.now()).values(*CLAIM).first()
    waiting = EnrolmentRequest.objects.filter(keyid=keyid, state__in=["pending", "claimed"])
    waiting.update(state=EnrolmentRequest.State.REPLACED)
    return claimed or {}


def require_few_others(keyid: str) -> None:
    """Refuse a new request while many others wait for a steward."""
    waiting = EnrolmentRequest.objects.filter(state="pending", expires_at__gt=timezone.now())
    if waiting.exclude(keyid=keyid).count() >= MOST_ASKING:
        raise TooManyAsking


def sweep_enrolments() -> int:
    """Forget requests that nobody decided in time; returns how many."""
    undecided = Q(state__in=["pending", "claimed", "replaced"])
    ended = EnrolmentRequest.objects.filter(undecided, expires_at__lte=timezone.now())
    return ended.delete()[0]


def verified_request(envelope: dsse.Envelope) -> Enrol:
    """The request, signed by the very key that stands in it."""
    if envelope.payload_type != ENROL:
        raise SchemaError("not an enrol request")
    request = read_enrol(envelope.payload)
    try:
        dsse.verify(envelope, bytes.fromhex(request.pub), ENROL)
    except SigningError as error:
        raise BadSignature from error
    return request


def new_user_code() -> str:
    """A code that no waiting request has; twenty letters that are no vowels."""
    while True:
        code = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
        if not EnrolmentRequest.objects.filter(user_code=code, state="pending").exists():
            return code


def poll_enrolment(*, device_code: str) -> dsse.Envelope:
    """The signed answer for a node that was let in; the same one until the code expires.

    Raises ExpiredToken, SlowDown, AuthorizationPending, AccessDenied.
    """
    now = timezone.now()
    with transaction.atomic(durable=True):
        request = waiting_request(device_code, now)
        too_fast = is_too_fast(request, now)
        EnrolmentRequest.objects.filter(pk=request.pk).update(last_poll=now)
    if request.state == EnrolmentRequest.State.APPROVED and request.node is not None:
        return keys.sign_document(ENROLLED, enrolled_payload(request.node, request))
    if request.state == EnrolmentRequest.State.DENIED:
        raise AccessDenied
    raise SlowDown if too_fast else AuthorizationPending


def waiting_request(device_code: str, now: datetime) -> EnrolmentRequest:
    """The request behind a device code, locked so that polls come one after another."""
    request = (
        EnrolmentRequest.objects.select_for_update(of=("self",))
        .select_related("node")
        .filter(device_digest=digest_of(device_code), expires_at__gt=now)
        .exclude(state=EnrolmentRequest.State.REPLACED)
        .first()
    )
    if request is None:
        raise ExpiredToken
    return request


def is_too_fast(request: EnrolmentRequest, now: datetime) -> bool:
    """Whether the last poll is less than the interval ago, a second of grace given."""
    last = request.last_poll
    return last is not None and now - last < timedelta(seconds=POLL_SECONDS - 1)


def enrolled_payload(node: Node, request: EnrolmentRequest) -> bytes:
    """What the node learns: its id, the keys to trust, how often to measure."""
    return strict_json.dumps(
        {
            "v": 1,
            "node": str(node.uuid),
            "epoch": NodeKey.objects.get(keyid=request.keyid).epoch,
            "pub": bytes(request.public_key).hex(),
            "server_keys": [keys.public_key().hex()],
            "config": configuration(node),
            **stands_for(node),
        }
    )


def configuration(node: Node | None = None) -> dict[str, str | int]:
    """How often nodes sample, record and seal, with a tag that changes when these do.

    The tag also changes with the asset that the node stands for.
    """
    sample, record, seal = settings.COOP_AGENT_SECONDS
    values = {"sample_s": sample, "record_s": record, "seal_s": seal}
    tag = hashlib.sha256(strict_json.dumps(values | stands_for(node))).hexdigest()[:16]
    return {"etag": tag, **values}


def stands_for(node: Node | None) -> dict[str, str]:
    """The inventory code of the asset that a node stands for, where there is one."""
    return {} if node is None or node.asset is None else {"asset": node.asset.code}


def signed_configuration(*, node: Node) -> dsse.Envelope:
    """The configuration for one node, signed now."""
    payload = {
        "v": 1,
        "node": str(node.uuid),
        "issued_at": spelled(timezone.now()),
        "config": configuration(node),
        **stands_for(node),
    }
    return keys.sign_document(CONFIG, strict_json.dumps(payload))


def approve_enrolment(
    *,
    actor: User | None,
    user_code: str,
    label: str,
    pool: Pool | None = None,
    owner: Member | None = None,
) -> Node:
    """Let the node that shows this code in; it begins epoch 1 of its chain.

    A key that is an active node's already continues that node. Raises NoSuchCode,
    KeyOfAnotherNode.
    """
    with transaction.atomic(durable=True):
        request = request_with_code(user_code)
        node = known_node(request) or make_node(actor, request, label, pool, owner)
        decide(request, EnrolmentRequest.State.APPROVED, actor, node)
    return node


def deny_enrolment(*, actor: User | None, user_code: str) -> None:
    """Turn the node that shows this code away, also when one person had claimed it.

    Raises NoSuchCode.
    """
    with transaction.atomic(durable=True):
        request = request_with_code(user_code, "pending", "claimed")
        decide(request, EnrolmentRequest.State.DENIED, actor, None)


def request_with_code(user_code: str, *states: str) -> EnrolmentRequest:
    """The request with this code in one of these states (pending), locked; raises NoSuchCode."""
    request = (
        EnrolmentRequest.objects.select_for_update(of=("self",))
        .filter(user_code=plain_code(user_code), state__in=states or ["pending"])
        .filter(expires_at__gt=timezone.now())
        .first()
    )
    if request is None:
        raise NoSuchCode
    return request


def plain_code(shown: str) -> str:
    """The code without its dash, in capitals."""
    return "".join(shown.upper().replace("-", "").split())


def known_node(request: EnrolmentRequest) -> Node | None:
    """The node in use that has this key already, if any; its key is the one in force."""
    key = NodeKey.objects.select_related("node").filter(keyid=request.keyid).first()
    if key is None:
        return None
    newer = NodeKey.objects.filter(node=key.node, epoch__gt=key.epoch)
    if key.node.state not in IN_USE or newer.exists():
        raise KeyOfAnotherNode
    return key.node


def make_node(
    actor: User | None,
    request: EnrolmentRequest,
    label: str,
    pool: Pool | None,
    owner: Member | None,
    asset: Asset | None = None,
) -> Node:
    """A node at the beginning of its chain."""
    node = Node.objects.create(
        label=label or request.hostname[:80], pool=pool, owner=owner, asset=asset
    )
    public_key = bytes(request.public_key)
    NodeKey.objects.create(
        node=node,
        epoch=FIRST_EPOCH,
        public_key=public_key,
        keyid=request.keyid,
        next_digest=request.next_digest,
        head_chain=genesis(str(node.uuid), FIRST_EPOCH, public_key),
    )
    NodeStateChange.objects.create(
        node=node,
        state=Node.State.ACTIVE,
        trigger=NodeStateChange.Trigger.ENROLLED,
        reason="enrolled" if asset is None else f"enrolled, stands for {asset.code}",
        actor=actor,
    )
    return node


def decide(
    request: EnrolmentRequest,
    state: EnrolmentRequest.State,
    actor: User | None,
    node: Node | None,
) -> None:
    """Write down what was decided about a request."""
    request.state, request.decided_by, request.node = state, actor, node
    request.save(update_fields=["state", "decided_by", "node"])


def genesis(node: str, epoch: int, public_key: bytes) -> str:
    """The `prev` of a chain's first batch (docs/metering-protocol.md, section 4)."""
    start = f"coop-usage-chain-v1\n{node}\n{epoch}\n".encode() + public_key
    return hashlib.sha256(start).hexdigest()


def digest_of(device_code: str) -> str:
    """What is kept of a device code."""
    return hashlib.sha256(device_code.encode()).hexdigest()


def is_enrolling(keyids: list[str]) -> bool:
    """Whether one of these keys asked to be let in and is still waiting."""
    waiting = EnrolmentRequest.objects.filter(keyid__in=keyids, state__in=["pending", "claimed"])
    return waiting.filter(expires_at__gt=timezone.now()).exists()
