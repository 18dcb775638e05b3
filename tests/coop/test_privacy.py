"""A person's data: all of it is in their export, and erasure leaves the books verifying."""

import io
import json
import re
import zipfile
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib.auth import authenticate
from django.core.management import call_command
from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from coop import personal
from coop.invariants import all_broken
from coop.privacy import data_on, erase, open_matters
from coop.takeaway import archive_of
from coop_verify.checks import Check, Request
from members.errors import ReasonMissing
from members.identity.errors import (
    AlreadyErased,
    KeptByLaw,
    NothingAsked,
    StillAMember,
    StillOpen,
)
from members.models import ErasureRequest, Member, MemberKey, Particulars, User
from members.privacy import ERASED
from members.services import change_contact, change_state
from members.services.erasure import ask_erasure, refuse_erasure, take_back_erasure
from payments.models import Mail
from payments.services import give_mandate, set_bank_account
from tests.makers import (
    PASSWORD,
    agree,
    buy,
    make_cooperative,
    make_member,
    make_pool,
    make_steward,
    make_user,
)
from tests.members.signers import vouch_for, with_key
from tests.sealing import seal_all
from titles.models import Title
from titles.services.transfer import accept_transfer, offer_units

OURS = (
    "assets",
    "bank",
    "governance",
    "ledger",
    "members",
    "metering",
    "payments",
    "policies",
    "titles",
    "tokens",
)


def personal_models() -> Iterator[type[models.Model]]:
    """Every model that points to a person, or to a row of a model that points to a member."""
    for model in apps.get_models(include_auto_created=True):
        if any(points_to_person(model, deep) for deep in (0, 1)):
            yield model


def points_to_person(model: type[models.Model], deep: int) -> bool:
    targets = [
        field.related_model
        for field in model._meta.get_fields()
        if isinstance(field, models.ForeignKey)
    ]
    if not deep:
        return Member in targets or User in targets
    return any(
        Member in [f.related_model for f in target._meta.fields if f.is_relation]
        for target in targets
        if isinstance(target, type)
    )


@pytest.mark.django_db
def test_every_table_that_leads_to_a_person_is_in_the_export_or_named_with_a_reason() -> None:
    member = make_member("Ana")
    with CaptureQueriesContext(connection) as queries:
        data_on(member)
    read = set(re.findall(r'(?:FROM|JOIN) "(\w+)"', " ".join(q["sql"] for q in queries)))
    wanted = set(personal_models())
    assert {Member, Title, MemberKey, Particulars} <= wanted and len(wanted) > 40
    missing = {
        model._meta.label
        for model in wanted
        if model._meta.db_table not in read and model._meta.label not in personal.LEFT_OUT
    }
    assert missing == set()


@pytest.mark.django_db
def test_what_is_left_out_exists_has_a_reason_and_is_really_left_out() -> None:
    for label, reason in personal.LEFT_OUT.items():
        assert apps.get_model(label) and len(str(reason)) > 20
    exported = {label for room in personal.ROOMS for label in personal.rows_of(make_member(), room)}
    assert exported.isdisjoint(personal.LEFT_OUT)


@pytest.mark.django_db
def test_every_room_of_the_site_is_asked() -> None:
    holders = {model._meta.app_label for model in personal_models()} & set(OURS)
    assert holders <= {*personal.ROOMS}


@pytest.mark.django_db
def test_the_archive_has_what_is_mine_and_nothing_of_others() -> None:
    pool = make_pool(treasury=100)
    ana, ben = make_member("Ana Ruiz"), make_member("Benedikt Sommer")
    buy(ana, pool, 30)
    buy(ben, pool, 20)
    change_contact(member_id=ana.pk, actor=ana.user, phone="+34 600 100 200")
    change_contact(member_id=ben.pk, actor=ben.user, phone="+49 151 999 888")
    vouch_for(with_key(ana), with_key(ben))
    archive = zipfile.ZipFile(io.BytesIO(archive_of(ana)))
    names = archive.namelist()
    title = Title.objects.get(member=ana)
    assert archive.read(f"titles/title-{title.number:04d}.json") == bytes(title.envelope)
    assert {"README.txt", "data/members.json", "data/payments.json", "data/ledger.json"} <= set(
        names
    )
    everything = b"".join(archive.read(name) for name in names)
    assert ana.user is not None and ben.user is not None
    for mine in ("Ana Ruiz", "+34 600 100 200", ana.user.email):
        assert mine.encode() in everything
    for theirs in ("Benedikt Sommer", "+49 151 999 888", ben.user.email, ana.user.password):
        assert theirs.encode() not in everything
    accounts = json.loads(archive.read("data/ledger.json"))["accounts"]
    assert {a["kind"]: a["balance"] for a in accounts}["holding"] == 30


def left(member: Member, *, on: date | None = None) -> Member:
    change_state(
        member_id=member.pk, to="left", reason="resignation", actor=None, text="I move to Oslo."
    )
    if on is not None:
        Member.objects.filter(pk=member.pk).update(ended_on=on)
    member.refresh_from_db()
    return member


@pytest.mark.django_db
def test_a_member_cannot_be_erased_and_a_former_one_only_when_the_law_lets() -> None:
    member = make_member("Ana")
    with pytest.raises(StillAMember):
        ask_erasure(member_id=member.pk, actor=None)
    left(member)
    request = ask_erasure(member_id=member.pk, actor=member.user)
    assert ask_erasure(member_id=member.pk, actor=member.user) == request
    with pytest.raises(KeptByLaw) as refused:
        erase(request_id=request.pk, actor=None)
    assert str(timezone.localdate().year + 10) in str(refused.value) or "203" in str(refused.value)
    agree("retention_days", 400)
    Member.objects.filter(pk=member.pk).update(ended_on=timezone.localdate() - timedelta(days=399))
    with pytest.raises(KeptByLaw):
        erase(request_id=request.pk, actor=None)
    Member.objects.filter(pk=member.pk).update(ended_on=timezone.localdate() - timedelta(days=400))
    assert erase(request_id=request.pk, actor=None).state == "done"
    assert erase(request_id=request.pk, actor=None).state == "done"
    with pytest.raises(AlreadyErased):
        ask_erasure(member_id=member.pk, actor=None)


@pytest.mark.django_db
def test_nothing_is_erased_while_something_is_open() -> None:
    agree("retention_days", 0)
    member, pool = make_member("Ana"), make_pool(treasury=100)
    buy(member, pool, 30)
    left(member)
    request = ask_erasure(member_id=member.pk, actor=None)
    assert any("backbone" in matter for matter in open_matters(member))
    with pytest.raises(StillOpen) as refused:
        erase(request_id=request.pk, actor=None)
    assert "shares held in backbone" in str(refused.value)
    member.refresh_from_db()
    assert member.name == "Ana"


@pytest.mark.django_db
def test_requests_are_taken_back_and_refused_with_a_reason() -> None:
    member = left(make_member("Ana"))
    with pytest.raises(NothingAsked):
        take_back_erasure(member_id=member.pk, actor=None)
    request = ask_erasure(member_id=member.pk, actor=None)
    assert take_back_erasure(member_id=member.pk, actor=None).state == "withdrawn"
    with pytest.raises(NothingAsked):
        erase(request_id=request.pk, actor=None)
    again = ask_erasure(member_id=member.pk, actor=None)
    with pytest.raises(ReasonMissing):
        refuse_erasure(request_id=again.pk, answer=" ", actor=None)
    refused = refuse_erasure(request_id=again.pk, answer="The audit runs.", actor=None)
    assert refuse_erasure(request_id=again.pk, answer="Other", actor=None) == refused
    with pytest.raises(NothingAsked):
        erase(request_id=again.pk, actor=None)


def verified(folder: Path) -> list[str]:
    """What the auditor's program finds wrong with a bundle."""
    report = Check(Request(folder, None, (), ())).run()
    return [] if report.holds else report.lines()


ACCOUNT = "DE89370400440532013000"
SECRETS = (
    "Zoë Quint",
    "Mill Lane 7",
    "+34 600 100 200",
    "zoe@example.org",
    "1980-04-01",
    "Oslo",
    ACCOUNT,
)


def everything_stored() -> str:
    """All rows of all tables but the sealed books, as text: what a thief of the database reads."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
            " AND tablename NOT LIKE 'django_%%'"
        )
        names = [name for (name,) in cursor.fetchall()]
        found = []
        for name in names:
            cursor.execute(f'SELECT t::text FROM "{name}" t')
            found += [row[0] for row in cursor.fetchall()]
    return "\n".join(found)


@pytest.mark.django_db(transaction=True)
def test_letters_to_others_lose_names_that_end_in_a_sign() -> None:
    make_cooperative()
    agree("retention_days", 0)
    gone, other = make_member("Mühle e.V."), make_member("Ben Ortega")
    for place, said in enumerate(["To Mühle e.V.: 3", "(Mühle e.V.)", "Mühle e.V.x"]):
        Mail.objects.create(key=f"letter {place}", member=other, subject=said, body=said)
    left(gone)
    request = ask_erasure(member_id=gone.pk, actor=None)
    erase(request_id=request.pk, actor=make_steward())
    told = list(Mail.objects.order_by("pk").values_list("subject", "body"))
    assert told == [(f"To {ERASED}: 3",) * 2, (f"({ERASED})",) * 2, ("Mühle e.V.x",) * 2]


@pytest.mark.django_db(transaction=True)
def test_after_erasure_nobody_is_named_and_everything_verifies(tmp_path: Path) -> None:
    make_cooperative()
    agree("retention_days", 0)
    steward, user = make_steward("Stella"), make_user("zoe@example.org")
    zoe, heir = make_member("Zoë Quint", user=user), make_member("Ben Ortega")
    Member.objects.filter(pk=zoe.pk).update(address="Mill Lane 7")
    change_contact(member_id=zoe.pk, actor=user, phone="+34 600 100 200", address="Mill Lane 7")
    Particulars.objects.create(
        member=zoe,
        name="Zoë Quint",
        address="Mill Lane 7",
        born_on=date(1980, 4, 1),
        valid_from=timezone.localdate(),
        recorded_at=timezone.now(),
    )
    pool = make_pool(treasury=100)
    buy(zoe, pool, 30)
    vouch_for(with_key(zoe), with_key(heir))
    give_account(zoe)
    hand_over(zoe, heir, 30)
    left(zoe)
    assert all(secret in everything_stored() for secret in SECRETS)
    request = ask_erasure(member_id=zoe.pk, actor=user)
    erase(request_id=request.pk, actor=steward)
    stored = everything_stored()
    assert [secret for secret in SECRETS if secret in stored] == []
    zoe.refresh_from_db()
    assert (zoe.name, zoe.address, zoe.state, zoe.number is not None) == (ERASED, "", "left", True)
    assert Title.objects.filter(member=zoe).count() == 1
    assert MemberKey.objects.get(member=zoe).end == "retired"
    assert authenticate(username="zoe@example.org", password=PASSWORD) is None
    seal_all()
    assert all_broken() == []
    call_command("verify")
    for kind in ("public", "members"):
        folder = tmp_path / kind
        call_command("export_books", str(folder), "--kind", kind, stdout=io.StringIO())
        assert verified(folder) == []


def give_account(member: Member) -> None:
    """An account to be paid on, a mandate to collect from it, and a letter."""
    assert member.user is not None
    set_bank_account(member=member, holder=member.name, iban=ACCOUNT, bic="", actor=member.user)
    give_mandate(
        member=member,
        holder=member.name,
        iban=ACCOUNT,
        bic="",
        consent="I let the cooperative collect what I owe.",
        language="en",
        actor=member.user,
    )
    Mail.objects.create(
        key="a letter",
        member=member,
        address="zoe@example.org",
        subject="Dear Zoë Quint",
        body="Your shares",
    )


def hand_over(giver: Member, taker: Member, units: int) -> None:
    """All units of one member to another, through the services that members use."""
    pool = Title.objects.filter(member=giver).latest("number").pool
    offered = offer_units(
        giver=giver,
        pool=pool,
        units=units,
        actor=giver.user,
        key="all of it",
        to_number=taker.number,
        note="From Zoë Quint, with love.",
    )
    accept_transfer(transfer_id=offered.transfer.pk, receiver=taker, actor=taker.user)


@pytest.mark.django_db
def test_i_download_my_data_and_ask_to_be_forgotten_on_a_page() -> None:
    make_cooperative()
    member = make_member("Ana Ruiz")
    client = Client()
    assert member.user is not None
    client.force_login(member.user)
    assert "Download everything" in client.get("/me/data/").content.decode()
    answer = client.get("/me/data/download/")
    assert answer.headers["Content-Type"] == "application/zip"
    assert "README.txt" in zipfile.ZipFile(io.BytesIO(answer.content)).namelist()
    assert client.post("/me/data/erasure/").status_code == 422
    left(member)
    assert client.post("/me/data/erasure/").status_code == 303
    assert "waits for a steward" in client.get("/me/data/").content.decode()
    assert client.post("/me/data/erasure/take-back/").status_code == 303
    assert ErasureRequest.objects.get().state == "withdrawn"
    for path in ("/me/data/", "/me/data/download/"):
        assert Client().get(path).status_code == 302


@pytest.mark.django_db
def test_a_steward_decides_requests_on_pages() -> None:
    agree("retention_days", 0)
    members = [left(make_member(name)) for name in ("Ana Ruiz", "Ben Ortega")]
    first, second = (ask_erasure(member_id=m.pk, actor=None) for m in members)
    client = Client()
    client.force_login(make_steward())
    assert "Ana Ruiz" in client.get("/stewardship/erasure/").content.decode()
    assert "Ana Ruiz" in client.get("/stewardship/").content.decode()
    page = client.get(f"/stewardship/erasure/{first.pk}/").content.decode()
    assert "cannot be taken back" in page
    assert client.post(f"/stewardship/erasure/{first.pk}/").status_code == 303
    assert client.post(f"/stewardship/erasure/{second.pk}/refuse/", {}).status_code == 422
    answer = client.post(f"/stewardship/erasure/{second.pk}/refuse/", {"answer": "Not yet."})
    assert answer.status_code == 303
    assert sorted(ErasureRequest.objects.values_list("state", flat=True)) == ["done", "refused"]
    other = Client()
    other.force_login(make_user())
    assert other.get("/stewardship/erasure/").status_code == 403


@pytest.mark.django_db
def test_the_api_gives_my_data_and_takes_my_wish() -> None:
    member, client = make_member("Ana Ruiz"), Client()
    assert client.get("/api/v1/me/data").status_code in (401, 403)
    assert member.user is not None
    client.force_login(member.user)
    rows = client.get("/api/v1/me/data").json()["members"]["rows"]
    assert [row["name"] for row in rows["members.Member"]] == ["Ana Ruiz"]
    assert client.post("/api/v1/me/erasure").json()["code"] == "still_a_member"
    left(member)
    assert client.post("/api/v1/me/erasure").json()["state"] == "waiting"
    assert client.delete("/api/v1/me/erasure").json()["state"] == "withdrawn"
