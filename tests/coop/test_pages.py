"""The site's own pages: who may see what, and what they say."""

import re

import pytest
from celery import Celery
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils.translation import override

from assets.names import asset_kind, resource_name
from coop import health, views
from ledger.access import pseudonym
from ledger.models import Account, Transaction
from members.models import User
from payments.forms import CentsField, RateField
from tests.makers import PASSWORD, buy, make_cooperative, make_member, make_pool, make_steward
from tokens.forms import TokenField

pytestmark = pytest.mark.django_db(transaction=True)
PUBLIC = ["/", "/books/", "/books/transactions/", "/account/login/", "/account/signup/"]


def text_of(client: Client, path: str, status: int = 200) -> str:
    response = client.get(path)
    assert response.status_code == status, path
    return response.content.decode()


def signed_in(user: User | None) -> Client:
    client = Client()
    assert user is not None
    client.force_login(user)
    return client


@pytest.mark.parametrize("path", PUBLIC)
def test_public_pages_work_on_an_empty_site(path: str) -> None:
    text_of(Client(), path)


@pytest.mark.parametrize("path", [*PUBLIC, "/overview/", "/stewardship/", "/styleguide/"])
def test_pages_obey_their_own_content_security_policy(path: str) -> None:
    client = signed_in(make_steward())
    response = client.get(path, follow=True)
    page = response.content.decode()
    assert "default-src 'self'" in response.headers["Content-Security-Policy"]
    assert not re.search(r"<[^>]+\s(style|on\w+)=", page)
    assert not re.search(r"<script(?![^>]*\ssrc=)", page)


def test_the_front_page_says_what_is_owned_together() -> None:
    pool = make_pool(treasury=1000)
    buy(make_member("Chloe"), pool, 250)
    page = text_of(Client(), "/")
    assert "Members own 250 of 1\u202f000 shares" in page
    assert "750 shares left to buy" in page
    assert "Hill mast" in page


def test_visitors_are_sent_to_sign_in_and_members_are_kept_out_of_stewardship() -> None:
    make_cooperative()
    assert Client().get("/overview/").headers["Location"].startswith("/account/login/")
    assert Client().get("/stewardship/").headers["Location"].startswith("/account/login/")
    page = text_of(signed_in(make_member().user), "/stewardship/", 403)
    assert "Nothing was changed" in page


def test_the_overview_greets_those_who_have_not_applied() -> None:
    user = User.objects.create_user("someone@example.org", PASSWORD)
    assert "You are not a member yet" in text_of(signed_in(user), "/overview/")


def test_the_overview_shows_a_member_what_they_own() -> None:
    pool = make_pool(treasury=1000)
    member = make_member("Chloe")
    buy(member, pool, 250)
    page = text_of(signed_in(member.user), "/overview/")
    assert "You own 250 of 1\u202f000 shares of Valley backbone." in page
    assert "25.0\u00a0% of Valley backbone · worth €250.00 at issue price" in page


def test_stewardship_lists_what_waits() -> None:
    steward = make_steward()
    page = text_of(signed_in(steward), "/stewardship/")
    assert "Nobody waits to be admitted." in page


def test_the_books_name_owners_only_to_the_entitled() -> None:
    pool = make_pool(treasury=100)
    chloe, ben = make_member("Chloe"), make_member("Ben")
    buy(chloe, pool, 10)
    account = Account.objects.get(kind="holding", owner=f"member/{chloe.pk}")
    path = f"/books/accounts/{account.pk}/"
    hidden = f"holder {pseudonym(f'member/{chloe.pk}')}"
    named = f"member {chloe.number}"
    for reader in (Client(), signed_in(ben.user)):
        page = text_of(reader, path)
        assert hidden in page
        assert f": {named}" not in page
    for reader in (signed_in(chloe.user), signed_in(make_steward())):
        assert f": {named}" in text_of(reader, path)


def test_an_account_shows_each_entry_with_the_balance_after_it() -> None:
    pool = make_pool(treasury=100)
    chloe = make_member("Chloe")
    buy(chloe, pool, 10)
    buy(chloe, pool, 5)
    account = Account.objects.get(kind="holding", owner=f"member/{chloe.pk}")
    page = text_of(Client(), f"/books/accounts/{account.pk}/")
    for words in ("10 shares", "5 shares", "15 shares"):
        assert words in page


def test_every_transaction_has_a_page_that_leads_to_its_accounts() -> None:
    pool = make_pool(treasury=100)
    buy(make_member("Chloe"), pool, 10)
    for txn in Transaction.objects.all():
        page = text_of(Client(), f"/books/transactions/{txn.pk}/")
        for account in txn.entries.values_list("account_id", flat=True):
            assert f"/books/accounts/{account}/" in page


@pytest.mark.parametrize("path", ["/books/accounts/0/", "/books/transactions/0/", "/nowhere/"])
def test_what_is_missing_says_so_with_a_request_id(path: str) -> None:
    response = Client().get(path)
    assert response.status_code == 404
    assert response.headers["X-Request-Id"] in response.content.decode()


def test_a_request_id_of_the_caller_is_kept_if_it_is_sane() -> None:
    kept = Client().get("/nowhere/", headers={"X-Request-Id": "abcdef-12345"})
    assert kept.headers["X-Request-Id"] == "abcdef-12345"
    thrown = Client().get("/nowhere/", headers={"X-Request-Id": "<script>alert</script>"})
    assert "<script>alert" not in thrown.headers["X-Request-Id"]


def test_the_api_answers_what_is_missing_with_a_problem() -> None:
    response = Client().get("/api/v1/nowhere")
    assert response.status_code == 404
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json()["code"] == "not_found"


def test_a_stale_form_says_that_nothing_was_booked() -> None:
    response = Client(enforce_csrf_checks=True).post("/preferences/", {"theme": "dark"})
    assert response.status_code == 403
    assert "Nothing was booked" in response.content.decode()


def test_a_failure_is_drawn_without_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(at: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(views, "public_facts", fail)
    response = Client(raise_request_exception=False).get("/")
    assert response.status_code == 500
    page = response.content.decode()
    assert "a booking happens wholly or not at all" in page
    assert response.headers["X-Request-Id"] in page


def test_preferences_stay_with_the_user_and_with_the_browser() -> None:
    member = make_member()
    client = signed_in(member.user)
    response = client.post("/preferences/", {"language": "de", "theme": "dark", "next": "/books/"})
    assert (response.status_code, response.headers["Location"]) == (303, "/books/")
    user = User.objects.get(pk=member.user_id)
    assert (user.language, user.theme) == ("de", "dark")
    assert 'lang="de" data-theme="dark"' in text_of(client, "/books/")
    assert 'lang="de" data-theme="dark"' in text_of(signed_in(user), "/books/")


@pytest.mark.parametrize("target", ["https://elsewhere.example/", "//elsewhere.example/", ""])
def test_preferences_lead_nowhere_else(target: str) -> None:
    response = Client().post("/preferences/", {"theme": "dark", "next": target})
    assert response.headers["Location"] == "/"
    assert response.cookies["theme"].value == "dark"


def test_preferences_refuse_what_they_do_not_know() -> None:
    client = Client()
    assert client.get("/preferences/").status_code == 405
    response = client.post("/preferences/", {"theme": "purple", "language": "xx"})
    assert "theme" not in response.cookies


def test_a_visitor_reads_the_language_of_their_browser() -> None:
    page = Client().get("/", headers={"Accept-Language": "de"}).content.decode()
    assert 'lang="de"' in page


def test_an_account_opened_in_german_stays_german() -> None:
    client = Client(headers={"Accept-Language": "de"})
    response = client.post("/account/signup/", {"email": "new@example.org", "password1": PASSWORD})
    assert response.status_code == 302
    assert User.objects.get(email="new@example.org").language == "de"


def test_a_wrong_password_is_named_at_the_form_and_the_address_kept() -> None:
    make_cooperative()
    page = Client().post("/account/login/", {"login": "a@example.org", "password": "wrong"})
    text = page.content.decode()
    assert 'id="errors"' in text
    assert 'value="a@example.org"' in text


def test_the_process_says_that_it_lives_and_can_work() -> None:
    assert Client().get("/health/live/").json() == {"status": "ok"}
    assert Client().get("/health/ready/").json() == {
        "status": "ok",
        "database": "ok",
        "queue": "ok",
    }


def test_readiness_names_the_part_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    # Not the current app: shared tasks of later tests would send to it.
    silent = Celery(broker="redis+socket:///nowhere/at/all.sock", set_as_current=False)
    monkeypatch.setattr(health, "app", silent)
    response = Client().get("/health/ready/")
    assert response.status_code == 503
    assert response.json()["queue"] == "unreachable"


def test_the_style_guide_shows_a_form_with_its_errors() -> None:
    client = signed_in(make_steward())
    response = client.post("/styleguide/", {"shares": "none", "way": "transfer"})
    page = response.content.decode()
    assert response.status_code == 422
    assert '<a href="#id_shares">' in page
    assert 'aria-describedby="id_shares_helptext id_shares_error"' in page
    with override("en"):
        assert "Nothing was booked" in page


def test_resources_and_assets_are_named_in_the_language_of_the_reader() -> None:
    with override("en"):
        assert (resource_name("storage"), asset_kind("disk shelf")) == ("Storage", "disk shelf")
    with override("de"):
        assert (resource_name("storage"), asset_kind("disk shelf")) == ("Speicher", "Plattenregal")
        assert (resource_name("water"), asset_kind("well")) == ("water", "well")


@pytest.mark.parametrize("text", ["1.5", "1,5", " 1.500 "])
def test_a_decimal_comma_and_a_point_mean_the_same_everywhere(text: str) -> None:
    for language in ("en", "de"):
        with override(language):
            assert TokenField().clean(text) == 1_500
            assert RateField().clean(text) == 150_000_000
    assert CentsField().clean("1,5") == CentsField().clean("1.50") == 150


@pytest.mark.parametrize("text", ["0", "-1", "1.2345", "1e3", "1.000,5", "some"])
def test_what_is_no_amount_of_tokens_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        TokenField().clean(text)
    assert TokenField(required=False).clean("") is None
