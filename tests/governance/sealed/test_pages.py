"""A sealed vote as its people meet it on pages and under the API."""

import json
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from governance.models import Ballot, Proposal, SealedVote, TrusteeKey
from governance.sealed import files, formats
from governance.services import open_ballot, publish, withdraw
from governance.services.advance import advance
from members.models import User
from payments.models import Mail
from signing.dsse import Envelope
from tests.governance.sealed.ceremony import Ceremony, close, closed, election, opened, option
from tests.governance.votes import make_town, open_motion

pytestmark = pytest.mark.django_db(transaction=True)
TRACKER = "5e0c" * 8


def client_of(user: User | None) -> Client:
    client = Client()
    if user is not None:
        client.force_login(user)
    return client


def upload(name: str, document: Any) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, formats.as_file(document), content_type="application/json")


def page(name: str, proposal: Proposal, *more: object) -> str:
    return reverse(f"governance:{name}", args=[proposal.pk, *more])


def test_the_key_of_a_vote_is_made_through_the_pages(ceremony: Ceremony) -> None:
    draft = election(ceremony.town)
    steward = client_of(ceremony.town.steward)
    keys = list(TrusteeKey.objects.values_list("pk", flat=True))
    too_few = steward.get(page("sealed_ceremony", draft), {"keys": keys[:2], "threshold": 2})
    assert too_few.status_code == 422
    file = steward.get(page("sealed_ceremony", draft), {"keys": keys, "threshold": 2})
    ceremony.write("ceremony.json", json.loads(file.content))
    assert ceremony.run("deal", "ceremony.json", "--out", "deal.json") == 0
    deal = ceremony.read("deal.json")
    stranger = client_of(ceremony.town.members["dora"].user)
    for client, status in ((stranger, 422), (steward, 303), (steward, 303)):
        answer = client.post(page("sealed_deal", draft), {"file": upload("deal.json", deal)})
        assert answer.status_code == status
    assert SealedVote.objects.get().deal == deal
    told = Mail.objects.filter(key__startswith="vote:sealed-share").count()
    assert told == 3


def test_a_vote_is_sealed_on_the_site_which_keeps_neither_answer_nor_tracker(
    ceremony: Ceremony,
) -> None:
    proposal = opened(ceremony)
    dora = client_of(ceremony.town.members["dora"].user)
    assert dora.get(page("vote", proposal))["Location"] == page("sealed_vote", proposal)
    shown = dora.get(page("sealed_vote", proposal)).content.decode()
    assert "sees your answer" in shown
    ana = option(ceremony.town.members["ana"])
    data = {f"option_{ana}": "1", "tracker": TRACKER, "key": "a page"}
    wrong = dora.post(page("sealed_vote", proposal), {**data, "tracker": "mine"})
    assert wrong.status_code == 422
    for _click in range(2):
        cast = dora.post(page("sealed_vote", proposal), data)
        assert cast.status_code == 303
    ballot = Ballot.objects.get()
    kept = [str(getattr(ballot, field.name)) for field in Ballot._meta.fields]
    signed = [Envelope.from_json(bytes(one)) for one in (ballot.envelope, ballot.receipt)]
    kept += [one.payload.decode() for one in signed]
    kept += [str(session.get_decoded()) for session in Session.objects.all()]
    quoted = (TRACKER, f"'{ana}'", f'"{ana}"')
    assert not any(word in text for word in quoted for text in kept)
    assert dora.get(cast["Location"]).status_code == 200


def test_a_vote_sealed_elsewhere_is_sent_through_the_page(ceremony: Ceremony) -> None:
    proposal = opened(ceremony)
    dora = client_of(ceremony.town.members["dora"].user)
    paper = dora.get(page("sealed_file", proposal, "paper"))
    ceremony.write("paper.json", json.loads(b"".join(paper)))
    options = ("--choice", "abstain", "--out", "ballot.json")
    assert ceremony.run("seal", "paper.json", *options) == 0
    text = json.dumps(ceremony.read("ballot.json"))
    for sent, status in (("not a ballot", 422), ("{}", 422), (text, 303)):
        answer = dora.post(page("sealed_elsewhere", proposal), {"ballot": sent, "key": "k"})
        assert answer.status_code == status
    assert Ballot.objects.get().choices == {}


def test_the_tally_is_brought_by_a_trustee_and_read_by_everybody(ceremony: Ceremony) -> None:
    proposal = closed(ceremony)
    advance()
    assert Mail.objects.filter(key__startswith=f"vote:sealed-count:{proposal.pk}:").count() == 3
    assert ceremony.tally(proposal, "ana", "ben") == 0
    tally = ceremony.read("tally.json")
    for name, status in (("dora", 422), ("ana", 303)):
        client = client_of(ceremony.town.members[name].user)
        answer = client.post(page("sealed_tally", proposal), {"file": upload("t.json", tally)})
        assert answer.status_code == status
    shown = client_of(None).get(page("sealed", proposal)).content.decode()
    assert all(tracker in shown for tracker in ceremony.trackers.values())
    published = client_of(None).get(page("sealed_file", proposal, "tally"))
    assert json.loads(published.content)["tally"] == tally


def test_open_votes_have_no_page_of_seals(db: None) -> None:
    motion = open_motion(make_town())
    client = client_of(None)
    assert client.get(page("sealed", motion)).status_code == 404
    assert client.get(f"/api/v1/decisions/{motion.pk}/sealed/paper/").status_code == 409


def test_a_sealed_vote_that_was_taken_back_has_no_closed_set(ceremony: Ceremony) -> None:
    draft = election(ceremony.town)
    ceremony.keep_deal(draft)
    publish(proposal_id=draft.pk, actor=ceremony.town.steward)
    proposer = draft.proposer.user
    assert proposer is not None
    withdraw(proposal_id=draft.pk, actor=proposer)
    client = client_of(None)
    assert client.get(f"/api/v1/decisions/{draft.pk}/sealed/set/").status_code == 409
    assert client.get(page("sealed_file", draft, "set")).status_code == 303


def test_members_offer_a_key_and_take_it_back(ceremony: Ceremony) -> None:
    dora = client_of(ceremony.town.members["dora"].user)
    address = reverse("governance:trustee_keys")
    data = {"label": "a phone in a drawer", "public_key": "AB" * 32}
    assert dora.post(address, {**data, "public_key": "no key"}).status_code == 422
    assert dora.post(address, data).status_code == 303
    key = TrusteeKey.objects.get(member=ceremony.town.members["dora"])
    ana = client_of(ceremony.town.members["ana"].user)
    end = reverse("governance:end_trustee_key", args=[key.pk])
    assert (ana.post(end).status_code, dora.post(end).status_code) == (404, 303)
    key.refresh_from_db()
    assert key.ended_at is not None
    assert "a phone in a drawer" not in ana.get(address).content.decode()


def test_a_sealed_vote_goes_through_the_api(ceremony: Ceremony) -> None:
    draft = election(ceremony.town)
    steward, ana = client_of(ceremony.town.steward), client_of(ceremony.town.members["ana"].user)
    base = f"/api/v1/decisions/{draft.pk}/sealed"
    deal = ceremony.deal(draft)
    brought = steward.post(f"{base}/deal/", deal, content_type="application/json")
    assert (brought.status_code, brought.json()["threshold"]) == (201, 2)
    publish(proposal_id=draft.pk, actor=ceremony.town.steward)
    proposal = open_ballot(proposal_id=draft.pk, actor=ceremony.town.steward)
    assert client_of(None).get(f"{base}/paper/").json() == files.ballot_paper(proposal)
    assert client_of(None).get(f"{base}/set/").status_code == 409
    ceremony.vote_all(proposal)
    proposal = close(proposal)
    assert client_of(None).get(f"{base}/set/").json() == files.closed_set(proposal)
    ceremony.tally(proposal, "ana", "ben")
    tally = ceremony.read("tally.json")
    published = ana.post(f"{base}/tally/", tally, content_type="application/json")
    assert published.status_code == 201
    assert client_of(None).get(f"{base}/tally/").json() == published.json()
    assert ana.get("/api/v1/trustee-keys/").json()[0]["label"] == "laptop"
