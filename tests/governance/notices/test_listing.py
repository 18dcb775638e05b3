"""Where members and visitors find votes: the list, the dates, the calendar, the feed."""

import xml.etree.ElementTree as ET
from datetime import UTC

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from governance.discussion.services import say
from governance.models import Proposal
from governance.services import publish
from tests.governance.test_pages import as_member, signed_in, text_of
from tests.governance.votes import (
    Town,
    decide,
    make_town,
    move,
    open_motion,
    price_motion,
    vote,
)
from tests.makers import agree

pytestmark = pytest.mark.django_db
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def town() -> Town:
    return make_town()


def announced(town: Town, key: str = "coming") -> Proposal:
    draft = price_motion(town, key=key)
    return publish(proposal_id=draft.pk, actor=town.steward)


def test_what_needs_my_vote_comes_first_and_leaves_when_i_voted(town: Town) -> None:
    proposal = open_motion(town)
    before = text_of(as_member(town).get("/decisions/"))
    assert "1 vote needs yours" in before
    assert before.index(proposal.title) < before.index("Nothing is decided yet")
    vote(town, proposal, ana="for")
    after = text_of(as_member(town).get("/decisions/"))
    assert "needs yours" not in after
    assert "Open now" in after


def test_the_one_that_closes_first_comes_first(town: Town) -> None:
    late, soon = open_motion(town, key="1"), open_motion(town, key="2")
    move(late, "closes_at = now() + interval '5 days'")
    page = as_member(town).get("/decisions/").content.decode()
    assert page.index(f"/decisions/{soon.pk}/#ballot") < page.index(f"/decisions/{late.pk}/#ballot")


def test_a_call_stands_on_the_list_until_it_was_read(town: Town) -> None:
    proposal, ana, ben = open_motion(town), town.members["ana"], as_member(town, "ben")
    say(proposal_id=proposal.pk, member=ana, actor=ana.user, text="@ben, what does it cost?")
    words = "ana names you in the discussion"
    assert words in text_of(ben.get("/decisions/"))
    assert words not in text_of(as_member(town).get("/decisions/"))
    ben.get(f"/decisions/{proposal.pk}/")
    assert words not in text_of(ben.get("/decisions/"))


@pytest.mark.django_db(transaction=True)
def test_each_vote_stands_once_wherever_it_is_on_its_way(town: Town) -> None:
    agree("timelock_rights_seconds", 3600)
    agree("notice_seconds", 3600)
    coming = announced(town)
    agree("notice_seconds", 0)
    waiting = decide(town, open_motion(town, key="1"), ana="for", ben="for", chloe="for")
    failed = decide(town, open_motion(town, key="2"), ana="against", ben="against")
    running = open_motion(town, key="3")
    draft = price_motion(town, key="4")
    page = as_member(town).get("/decisions/").content.decode()
    for proposal in (coming, waiting, failed, draft):
        assert page.count(f'href="/decisions/{proposal.pk}/"') == 1, proposal.state
    assert page.count(f'href="/decisions/{running.pk}/"') == 1
    public = Client().get("/decisions/").content.decode()
    assert f"/decisions/{draft.pk}/" not in public
    assert f"/decisions/{coming.pk}/" in public


@pytest.mark.django_db(transaction=True)
def test_past_votes_are_found_by_words_and_outcome(town: Town) -> None:
    failed = decide(town, open_motion(town), ana="against", ben="against")
    link = f'href="/decisions/{failed.pk}/"'

    def page(query: str) -> str:
        return Client().get(f"/decisions/?{query}").content.decode()

    assert link in page("q=mast+price")
    assert link in page("outcome=refused")
    assert link not in page("outcome=carried")
    assert "No decision is like this." in page("q=bicycle")
    assert link in page("outcome=nonsense")


def test_the_list_asks_the_database_no_more_for_more_votes(town: Town) -> None:
    ana = as_member(town)
    counts = []
    for key in ("1", "2", "3"):
        open_motion(town, key=key)
        counts.append(queries_of(ana))
    assert counts[0] == counts[1] == counts[2]


def queries_of(client: Client) -> int:
    with CaptureQueriesContext(connection) as seen:
        client.get("/decisions/")
    return len(seen)


def test_the_dates_name_their_zone_and_the_calendar_gives_instants(town: Town) -> None:
    proposal = open_motion(town)
    page = text_of(Client().get("/decisions/calendar/"))
    assert "Ballot closes" in page
    assert "Europe/Madrid" in page
    answer = Client().get("/decisions/calendar.ics")
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    lines = answer.content.decode().split("\r\n")
    assert proposal.closes_at is not None
    assert f"DTSTART:{proposal.closes_at.astimezone(UTC):%Y%m%dT%H%M%SZ}" in lines
    assert "X-WR-TIMEZONE:Europe/Madrid" in lines
    assert f"URL:http://localhost/decisions/{proposal.pk}/" in lines


def test_a_calendar_line_is_never_longer_than_its_standard_allows(town: Town) -> None:
    proposal = open_motion(town)
    title = "Über größere Maste; für alle, überall \\ " * 3
    move(proposal, f"title = $t${title}$t$")
    content = Client().get("/decisions/calendar.ics").content
    lines = content.split(b"\r\n")
    assert all(len(line) <= 75 for line in lines)
    whole = content.decode().replace("\r\n ", "")
    flat = " ".join(title.split())
    for mark in "\\;,":
        flat = flat.replace(mark, f"\\{mark}")
    assert f"SUMMARY:Ballot closes: {flat}\r\n" in whole


@pytest.mark.django_db(transaction=True)
def test_the_feed_tells_what_was_announced_and_decided_and_names_nobody(town: Town) -> None:
    decided = decide(town, open_motion(town), ana="for", ben="for", chloe="for")
    draft = price_motion(town, key="draft")
    coming = announced(town)
    answer = Client().get("/decisions/feed.atom")
    assert answer.headers["Content-Type"].startswith("application/atom+xml")
    feed = ET.fromstring(answer.content)
    entries = {
        link.get("href", "").split("/")[-2]: entry
        for entry in feed.findall(f"{ATOM}entry")
        for link in entry.findall(f"{ATOM}link")
    }
    assert set(entries) == {str(decided.pk), str(coming.pk)}
    text = entries[str(decided.pk)].findtext(f"{ATOM}summary") or ""
    assert text.startswith("Carried, counted on ")
    assert "Users: 3 for, 0 against, 0 abstaining." in text
    updated = entries[str(decided.pk)].findtext(f"{ATOM}updated")
    assert decided.decided_at is not None
    assert updated == decided.decided_at.isoformat()
    for name in town.members:
        assert name.encode() not in answer.content
    assert f"/decisions/{draft.pk}/".encode() not in answer.content


def test_a_client_learns_what_needs_its_member_and_records_that_it_was_read(town: Town) -> None:
    proposal = open_motion(town)
    ana = as_member(town)
    mine = ana.get("/api/v1/decisions/mine/").json()
    assert [vote["id"] for vote in mine["needs_my_vote"]] == [proposal.pk]
    assert mine["notices"][0]["seen_at"] is None
    way = f"/api/v1/decisions/{proposal.pk}/deliveries/"
    assert ana.get(way).json() == {"given": 4, "mailed": 0, "seen": 0}
    assert ana.post(way).json() == {"given": 4, "mailed": 0, "seen": 1}
    assert Client().get(way).status_code in (401, 403)
    assert signed_in(town.steward).get(way).status_code == 200
