"""What metering refuses. The first part is the wire's: docs/metering-protocol.md, section 2."""

from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from ledger.errors import DomainError


class WireError(DomainError):
    """A refusal that a node's program understands by its code; its text is for logs."""

    code: ClassVar[str] = "malformed"
    status: ClassVar[int] = 400
    text = "not as docs/metering-protocol.md says"


class Malformed(WireError):
    """Bytes that are not strict JSON, not gzip, or no envelope."""


class DigestMismatch(WireError):
    """The body is not the one that Content-Digest names."""

    code = "digest_mismatch"
    text = "the body does not match Content-Digest"


class UnknownKey(WireError):
    """No node has this key."""

    code = "unknown_key"
    status = 401
    text = "no node has this key"


class BadSignature(WireError):
    """The key is known, the signature is not by it."""

    code = "bad_signature"
    status = 401
    text = "no signature by this key"


class NotEnrolled(WireError):
    """The key asked to be let in and was not yet."""

    code = "not_enrolled"
    status = 403
    text = "this key is not enrolled"


class RevokedKey(WireError):
    """The node is no longer trusted."""

    code = "revoked_key"
    status = 403
    text = "this key was revoked"


class RotationRefused(WireError):
    """A steward did not believe the new key."""

    code = "rotation_refused"
    status = 403
    text = "this change of key was refused"


class TooLarge(WireError):
    """More bytes, records or envelopes than one request may hold."""

    code = "too_large"
    status = 413
    text = "over a limit of docs/metering-protocol.md, section 6"


class UnsupportedMediaType(WireError):
    """Neither JSON nor JSON in gzip."""

    code = "unsupported_media_type"
    status = 415
    text = "application/json is wanted, as it is or in gzip"


class NodesMissing(DomainError):
    """A period's close waits for nodes, as long as its grace lasts."""

    code = "nodes_missing"
    status = 409
    text = _(
        "Nodes that have told nothing since the end of %(code)s: %(count)s. Wait until %(until)s"
        " at the latest, or close without them: what they measured is then booked late."
    )


class SchemaError(WireError):
    """Sound JSON, signed or not, of another shape than the protocol's."""

    code = "schema"
    status = 422


class StaleRequest(WireError):
    """A request that was signed too long ago, or by a clock that is wrong."""

    code = "stale_request"
    status = 409
    text = "signed too long ago, or by a clock that is wrong: sign it again"


class TooManyWaiting(WireError):
    """So many batches of a node wait for earlier ones that no more are taken."""

    code = "too_many_waiting"
    status = 429
    text = "too many batches wait for earlier ones"


class TooManyRequests(WireError):
    """More requests than one address, or one node, may send; `seconds` until the next one."""

    code = "too_many_requests"
    status = 429
    text = "too many requests: wait as long as Retry-After says"

    def __init__(self, seconds: float = 60.0) -> None:
        super().__init__()
        self.seconds = seconds


class TooManyAsking(WireError):
    """So many nodes wait to be let in that no more may ask."""

    code = "too_many_asking"
    status = 429
    text = "too many nodes wait to be let in"


class AuthorizationPending(WireError):
    """Nobody has entered the code yet."""

    code = "authorization_pending"
    text = "nobody has entered the code yet"


class SlowDown(WireError):
    """The node asks more often than it was told to."""

    code = "slow_down"
    text = "ask less often"


class AccessDenied(WireError):
    """A steward turned the node away."""

    code = "access_denied"
    text = "the node was turned away"


class ExpiredToken(WireError):
    """The code is unknown, replaced or older than fifteen minutes."""

    code = "expired_token"
    text = "this code is not good any more: ask for a new one"


class NoSuchCode(DomainError):
    """No request with this code waits for a decision."""

    code = "no_such_code"
    text = _("No node is waiting with this code. Codes are good for 15 minutes.")


class KeyOfAnotherNode(DomainError):
    """The key stands in the list of nodes already and its node is not active."""

    code = "key_of_another_node"
    status = 409
    text = _("This key belongs to a node that is not active any more.")


class MeterUnknown(DomainError):
    """No inventory describes the meter yet, so its unit is not known."""

    code = "meter_unknown"
    text = _("The node has not described this meter yet.")


class NoConversion(DomainError):
    """What the meter counts cannot become tokens of the resource."""

    code = "no_conversion"
    text = _("This meter's values cannot be turned into %(resource)s.")


class NoVoucher(DomainError):
    """Nodes do not count the resource."""

    code = "no_voucher"
    text = _("Nodes do not count %(resource)s, so there are no vouchers of it.")


class NotBound(DomainError):
    """A voucher needs one node or asset of its pool that honours it."""

    code = "not_bound"
    text = _("Choose an active node, or an asset, of this pool: it is what honours the voucher.")


class NotYielded(DomainError):
    """The pool does not yield the resource."""

    code = "not_yielded"
    text = _("%(pool)s does not yield %(resource)s.")


class AlreadyAssigned(DomainError):
    """The meter measures another member's use in part of that time."""

    code = "already_assigned"
    status = 409
    text = _("The meter is assigned to somebody in that time already.")


class AlreadyRead(DomainError):
    """Readings of that time were taken: an assignment cannot change whose they are."""

    code = "already_read"
    status = 409
    text = _("Readings up to %(moment)s are taken already. Choose a later moment.")


class ReasonNeeded(DomainError):
    """A node's state is changed with a reason or not at all."""

    code = "reason_needed"
    text = _("Say why, in a sentence that others will read.")


class NotPossibleNow(DomainError):
    """The node's state does not allow this decision."""

    code = "not_possible_now"
    text = _("This is not possible while the node is: %(state)s.")


class VoteNeeded(DomainError):
    """A vote stands behind the quarantine."""

    code = "vote_needed"
    text = _("A vote has confirmed this quarantine. Propose a vote to end it.")


class DecidedTogether(DomainError):
    """Several stewards stand behind the quarantine, for its short time."""

    code = "decided_together"
    text = _(
        "Several stewards quarantined this node together. The vote on it ends it, or its time."
    )


class SignaturesNeeded(DomainError):
    """No steward quarantines a node alone."""

    code = "signatures_needed"
    status = 403
    text = _("No steward quarantines a node alone. Call an emergency, which others sign too.")


class LapsedAlready(DomainError):
    """A quarantine lapsed a short while ago, and nothing new speaks against the node."""

    code = "lapsed_already"
    text = _("A quarantine of this node has just ended without a vote. Propose a vote instead.")


class AfterTheHead(DomainError):
    """A key cannot be good for more than there is."""

    code = "after_the_head"
    text = _("Only batches up to number %(last)s are there. Give a number up to that.")


class RotationDecided(DomainError):
    """Somebody decided about the new key already, or the key has changed since."""

    code = "rotation_decided"
    text = _("This change of key is decided already. Look at the node again.")


class SecondPersonNeeded(DomainError):
    """Who claimed a node for a shared asset cannot agree to it as well."""

    code = "second_person_needed"
    text = _("This asset is shared: a second person has to compare the words and agree.")


class SlotTaken(DomainError):
    """One live node stands for an asset."""

    code = "slot_taken"
    text = _("A node stands for this asset already. Say that the new one takes its place.")


class NoAnswerYet(DomainError):
    """Nobody let the node in that shows this code, or it is long ago."""

    code = "no_answer_yet"
    text = _("There is no answer for this code. Let the node in first.")


class NothingToDispute(DomainError):
    """Nothing was metered there."""

    code = "nothing_to_dispute"
    text = _("Nothing was counted on that day, so there is nothing to dispute.")


class DisputeAnswered(DomainError):
    """A dispute is answered once."""

    code = "dispute_answered"
    status = 409
    text = _("This dispute was answered before.")


class NotALink(DomainError):
    """A link has two byte counters at each of two nodes."""

    code = "not_a_link"
    text = _(
        "A link has two nodes, and at each a counter of bytes sent and another of bytes received."
        " Packets are counted by a counter of packets at one of the two."
    )


class AlreadyLinked(DomainError):
    """A meter stands in one running link at most."""

    code = "already_linked"
    status = 409
    text = _("One of these meters stands in the link %(link)s already. End that one first.")


class NotBookableNow(DomainError):
    """No period is open, or its pool does not yield the resource any more."""

    code = "not_bookable_now"
    text = _("This can be booked once a period with this resource is open.")


class OwnDispute(DomainError):
    """Nobody answers a dispute about their own use or node."""

    code = "own_dispute"
    status = 403
    text = _("This dispute is about your own use or your own node. Another steward answers it.")


class NobodysUse(DomainError):
    """Neither end of the link measures a member's use, so there is none to correct."""

    code = "nobodys_use"
    text = _("This link measures nobody’s use, so there is nothing to correct. Answer without.")


class NoteAnswered(DomainError):
    """A delivery note is answered once."""

    code = "note_answered"
    status = 409
    text = _("This delivery note was answered before.")


class OtherNote(DomainError):
    """The signed answer is about another note, or says another thing."""

    code = "other_note"
    text = _("What was signed is not the answer to this delivery note.")


class NoChallenges(DomainError):
    """The file is none that coop-agent audit-prepare wrote."""

    code = "no_challenges"
    text = _("This is not what coop-agent audit-prepare wrote. Choose its file as it is.")


class NotAStoredFolder(DomainError):
    """Only a folder's meter can be asked for blocks."""

    code = "not_a_stored_folder"
    text = _("Only a meter that measures a folder can be asked for what lies in it.")
