"""What somebody might change on the way of a sealed vote, and who refuses it."""

import secrets
from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from nacl.public import PublicKey, SealedBox

from coop_trustee import ballots, canonical, dsse
from coop_trustee.errors import Refused
from coop_trustee.sets import ClosedSet
from governance.errors import BadDeal, BadSealedBallot, BadTally, NotATrustee, TooFewTrustees
from governance.models import Proposal, SealedTally, SealedVote
from governance.sealed import files, services
from governance.sealed.casting import cast_sealed_elsewhere
from governance.sealed.verify import tallies_fit_their_boards
from signing import keys, strict_json
from signing.dsse import Envelope
from signing.dsse import sign as sign_with
from tests.governance.sealed.ceremony import Ceremony, close, closed, election, opened, option
from tests.governance.votes import as_owner

pytestmark = pytest.mark.django_db(transaction=True)
Change = Callable[[dict[str, Any]], object]
FIRST, SECOND = "0" * 32, "f" * 32


def line(document: dict[str, Any], place: int) -> dict[str, Any]:
    """A line of the published list."""
    found: dict[str, Any] = document["list"][place]
    return found


def swap_answers(document: dict[str, Any]) -> None:
    """The same counts, two answers exchanged, the list left unsorted."""
    document["list"][0], document["list"][1] = document["list"][1], document["list"][0]


FORGERIES: dict[str, Change] = {
    "made from other ballots": lambda d: d.update(input_sha256="0" * 64),
    "made from a shorter board": lambda d: d["board"].update(size=6),
    "of another notice": lambda d: d.update(notice_sha256="0" * 64),
    "of another deal": lambda d: d.update(deal_sha256="0" * 64),
    "of another roll": lambda d: d.update(roll_root="0" * 64),
    "a tracker twice": lambda d: line(d, 1).update(tracker=line(d, 0)["tracker"]),
    "no tracker": lambda d: line(d, 0).update(tracker="mine"),
    "not sorted": swap_answers,
    "more ballots than envelopes": lambda d: (
        d.update(counted=8), d["list"].append({"tracker": SECOND, "choice": []}),
        d["counts"][-1].update(ballots=2),
    ),
    "fewer ballots than envelopes": lambda d: (d.update(counted=6), d["list"].pop()),
    "a ballot spoiled and counted": lambda d: d["spoiled"].update(unreadable=1),
    "other counts than its list": lambda d: d["counts"][0].update(ballots=2),
    "an answer in the list that is not in the counts": lambda d: line(d, 0).update(
        choice=line(d, 1)["choice"]
    ),
    "counts only": lambda d: d.update(list=None),
    "another number for the lot": lambda d: d.update(lot_nonce="0" * 64),
    "the secret beside it": lambda d: d.update(secret="0" * 64),
}  # fmt: skip


def test_no_forged_tally_is_taken_even_where_trustees_sign_it(ceremony: Ceremony) -> None:
    proposal = closed(ceremony)
    assert ceremony.tally(proposal, "ana", "ben") == 0
    good = ceremony.envelope()
    keys_of_vote = ceremony.secret("ana", "ben")
    for name, change in FORGERIES.items():
        document = strict_json.loads(good.payload)
        change(document)
        forged = dsse.sign(keys_of_vote.tally_seed, dsse.TALLY, canonical.dumps(document))
        with pytest.raises(BadTally):
            print(name, take(ceremony, proposal, Envelope.from_dict(forged)))
    assert not SealedTally.objects.exists()
    assert take(ceremony, proposal, good).document == strict_json.loads(good.payload)


def test_an_answer_that_is_not_on_the_ballot_is_not_taken(ceremony: Ceremony) -> None:
    proposal = closed(ceremony)
    ceremony.tally(proposal, "ana", "ben")
    document = strict_json.loads(ceremony.envelope().payload)
    strange = [["m999"]]
    before = line(document, 0)["choice"]
    line(document, 0)["choice"] = strange
    next(one for one in document["counts"] if one["choice"] == before)["choice"] = strange
    document["counts"].sort(key=lambda one: canonical.dumps(one["choice"]))
    seed = ceremony.secret("ana", "ben").tally_seed
    forged = dsse.sign(seed, dsse.TALLY, canonical.dumps(document))
    with pytest.raises(BadTally, match="not on the ballot"):
        take(ceremony, proposal, Envelope.from_dict(forged))


def test_a_steward_without_shares_cannot_publish_a_tally(ceremony: Ceremony) -> None:
    proposal = closed(ceremony)
    ceremony.tally(proposal, "ana", "ben")
    payload = ceremony.envelope().payload
    forged = sign_with(secrets.token_bytes(32), dsse.TALLY, payload)
    by_the_site = keys.sign_document(dsse.TALLY, payload)
    for envelope in (forged, by_the_site):
        with pytest.raises(BadTally, match="not signed"):
            take(ceremony, proposal, envelope)
    stranger = ceremony.town.members["dora"].user
    assert stranger is not None
    with pytest.raises(NotATrustee):
        services.take_tally(proposal_id=proposal.pk, envelope=ceremony.envelope(), actor=stranger)


SPOILED_SETS: dict[str, Change] = {
    "an entry dropped": lambda s: s["ballots"].pop(),
    "an entry and its head dropped": lambda s: (s["ballots"].pop(), s["board"].update(size=6)),
    "entries exchanged": lambda s: s["ballots"].reverse(),
    "a ciphertext put in place of another": lambda s: s["ballots"][0].update(
        sealed=s["ballots"][1]["sealed"]
    ),
    "an envelope changed": lambda s: s["ballots"][0]["envelope"].update(payload="e30="),
    "a voter taken off the roll": lambda s: s["roll"]["rows"].pop(),
    "a voter added to the roll": lambda s: s["roll"]["rows"].append(
        {"position": 8, "voter": "0" * 32, "weight": 1}
    ),
    "more weight": lambda s: s["roll"]["rows"][0].update(weight=2),
    "another text": lambda s: s["notice"].update(text="Three places are free."),
    "another key": lambda s: s["notice"]["sealed"].update(public_key="0" * 64),
    "another deal": lambda s: s["deal"].update(threshold=1),
}


def test_the_trustees_refuse_every_set_that_was_changed(ceremony: Ceremony) -> None:
    proposal = closed(ceremony)
    for name, change in SPOILED_SETS.items():
        changed = files.closed_set(proposal)
        change(changed)
        with pytest.raises(Refused):
            print(name, ClosedSet.read(changed, keys.public_key()))
    with pytest.raises(Refused, match="not signed"):
        ClosedSet.read(files.closed_set(proposal), secrets.token_bytes(32))
    whole = ClosedSet.read(files.closed_set(proposal), keys.public_key())
    assert len(whole.entries) == 7


def test_ballots_that_are_none_are_spoiled_and_the_others_counted(ceremony: Ceremony) -> None:
    proposal = opened(ceremony)
    ana = [[option(ceremony.town.members["ana"])]]
    for name in ("ana", "ben", "chloe"):
        ceremony.vote(proposal, name, ana)
    good = {
        "v": 1, "proposal": proposal.pk, "notice": proposal.notice_hash, "choice": ana,
        "tracker": ceremony.trackers["ana"],
    }  # fmt: skip
    other = {**good, "tracker": SECOND}
    for name, inner in (
        ("stella", good),
        ("dora", {**other, "choice": [["m999"]]}),
        ("emil", {**other, "notice": "0" * 64}),
        ("fay", None),
    ):
        send(ceremony, proposal, name, sealed_to(proposal, inner))
    proposal = close(proposal)
    assert ceremony.tally(proposal, "ana", "ben") == 0
    document = ceremony.publish(proposal).sealed_vote.tally.document
    assert document["spoiled"] == {
        "bad_answer": 1, "other_vote": 1, "repeated": 1, "unreadable": 1,
    }  # fmt: skip
    assert document["counted"] == 3


def test_the_invariants_find_a_tally_that_was_changed(ceremony: Ceremony) -> None:
    proposal = closed(ceremony)
    ceremony.tally(proposal, "ana", "ben")
    ceremony.publish(proposal)
    assert tallies_fit_their_boards() == []
    for change in ("input_sha256 = repeat('0', 64)", "envelope = '{}'"):
        with transaction.atomic():
            as_owner(f"UPDATE governance_sealedtally SET {change}")
            assert len(tallies_fit_their_boards()) == 1
            transaction.set_rollback(True)


def test_attack_copied_ballot(ceremony: Ceremony) -> None:
    """Who copies another's ciphertext would see by its tracker how that one voted."""
    proposal = opened(ceremony)
    ballot = ceremony.vote(proposal, "ana", [])
    for sealed in (bytes(ballot.sealed or b""), b"short", b"0" * (1024 + 47)):
        with pytest.raises(BadSealedBallot):
            send(ceremony, proposal, "dora", sealed)


def test_no_other_deal_is_taken(ceremony: Ceremony) -> None:
    draft = election(ceremony.town)
    good = ceremony.deal(draft)
    changes: list[Change] = [
        lambda d: d.update(proposal=draft.pk + 1),
        lambda d: d.update(public_key="g" * 64),
        lambda d: d.update(secret="0" * 64),
        lambda d: d["trustees"][0].update(public_key="0" * 64),
        lambda d: d["trustees"][0].update(member=d["trustees"][1]["member"]),
        lambda d: d["trustees"][0].update(x=2),
        lambda d: d.update(threshold=4),
        lambda d: d["trustees"][0].update(label="a\0b"),
        lambda d: d.update(trustees=[{}]),
    ]
    for change in changes:
        deal = strict_json.loads(strict_json.dumps(good))
        change(deal)
        with pytest.raises(BadDeal):
            services.take_deal(proposal_id=draft.pk, deal=deal, actor=ceremony.town.steward)
    for changed in ({**good, "threshold": 1}, {**good, "trustees": good["trustees"][:2]}):
        with pytest.raises(TooFewTrustees):
            services.take_deal(proposal_id=draft.pk, deal=changed, actor=ceremony.town.steward)


def test_a_trustee_refuses_a_share_that_was_not_announced(
    ceremony: Ceremony, capsys: pytest.CaptureFixture[str]
) -> None:
    deal = ceremony.deal(election(ceremony.town))
    deal["trustees"][0]["share_sha256"] = "0" * 64
    ceremony.write("changed.json", deal)
    arguments = ("open", "changed.json", "--key", "ana.key")
    assert ceremony.run(*arguments, typed="a long enough one\n") == 2
    assert "refuse this deal" in capsys.readouterr().err
    assert ceremony.run(*arguments, typed="not the passphrase\n") == 2
    assert "passphrase" in capsys.readouterr().err


def test_the_database_keeps_the_key_of_an_announced_vote(ceremony: Ceremony) -> None:
    proposal = opened(ceremony)
    for change in (
        lambda: SealedVote.objects.filter(proposal=proposal).update(threshold=1),
        lambda: SealedVote.objects.filter(proposal=proposal).delete(),
        lambda: SealedTally.objects.create(
            sealed_vote=proposal.sealed_vote, document={}, envelope=b"", input_sha256=""
        ),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def take(ceremony: Ceremony, proposal: Proposal, envelope: Envelope) -> SealedTally:
    """A tally brought by a steward."""
    return services.take_tally(
        proposal_id=proposal.pk, envelope=envelope, actor=ceremony.town.steward
    )


def send(ceremony: Ceremony, proposal: Proposal, name: str, sealed: bytes) -> None:
    """A ciphertext that a voter made elsewhere."""
    member = ceremony.town.members[name]
    cast_sealed_elsewhere(proposal=proposal, member=member, actor=member.user, sealed=sealed)


def sealed_to(proposal: Proposal, inner: dict[str, Any] | None) -> bytes:
    """What a program of one's own might seal; None is sealed to another key."""
    key = proposal.sealed_vote.public_key if inner else secrets.token_hex(32)
    box = SealedBox(PublicKey(bytes.fromhex(key)))
    return bytes(box.encrypt(ballots.padded(canonical.dumps(inner or {}))))
