"""Reports of the worked period (docs/economics.md, section 12), with numbers computed by hand."""

import csv
from datetime import date, datetime, timedelta
from io import StringIO

import pytest
from django.http import HttpResponseBase
from django.test import Client
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import override
from pytest_django import DjangoAssertNumQueries

from assets.models import Pool
from coop.books import reader
from ledger.access import pseudonym
from ledger.asof import Window
from ledger.chart import CHART
from ledger.models import Checkpoint, Commodity, Transaction
from ledger.reports import REPORTS, Asked, Report, build
from ledger.reports.csv_file import decimal, text
from ledger.reports.entries import Cursor, listing
from ledger.reports.pdf import report_pdf, written
from ledger.reports.shape import Cell, Rows
from ledger.reports.spans import Span, recent, span_of, whole
from ledger.services import Leg, Posting, post, reverse
from members.models import Role, User
from members.services import grant_role
from tests.makers import account, make_user
from tests.valley import Valley, make_valley

pytestmark = pytest.mark.django_db
JUNE = whole(date(2026, 6, 1), 1)
Shown = dict[tuple[int | str, str], list[int | None]]


@pytest.fixture
def used() -> Valley:
    """June, used as in the worked period and still open."""
    valley = make_valley()
    valley.used_as_in_the_worked_period()
    return valley


@pytest.fixture
def closed(used: Valley) -> Valley:
    """June, closed and paid."""
    used.close()
    return used


def a_steward() -> User:
    """Somebody who may read every name."""
    user = make_user()
    grant_role(user=user, name=Role.Name.STEWARD, actor=None, source="founding")
    return user


def this_month() -> Span:
    return whole(timezone.localdate().replace(day=1), 1)


def shown(report: Report) -> Shown:
    """(number or label, pool) → amounts, of every line."""
    return {
        (line.number or line.label, line.pool): [cell and cell.amount for cell in line.cells]
        for table in report.tables
        for line in table.lines
    }  # type: ignore[misc]


def holds(report: Report) -> bool:
    return all(check.holds for check in report.checks)


@pytest.mark.usefixtures("closed")
def test_the_balance_sheet_after_the_close() -> None:
    sheet = build("balance-sheet", Asked(this_month()))
    assert shown(sheet) == {
        (1020, "backbone"): [3_600],
        (1500, "backbone"): [100_000],
        ("Assets together", ""): [103_600],
        (2010, "backbone"): [6_364],
        (2500, "backbone"): [20_000],
        ("Liabilities together", ""): [26_364],
        (3010, "backbone"): [83_600],
        (3900, "backbone"): [6_364],
        ("Equity together", ""): [77_236],
        ("Liabilities and equity together", ""): [103_600],
    }
    assert holds(sheet)
    weights = {line.number: line.weight for table in sheet.tables for line in table.lines}
    assert weights[3900] == "less"
    assert {line.pool_name for line in sheet.tables[0].lines} == {"Valley backbone", ""}


@pytest.mark.usefixtures("closed")
def test_the_end_of_june_has_what_was_charged_and_not_yet_paid() -> None:
    """The assets were placed today, so June knows the charges, the cost and the vacancy alone."""
    assert shown(build("balance-sheet", Asked(JUNE))) == {
        (1200, ""): [47_236],
        ("Assets together", ""): [47_236],
        (2010, "backbone"): [50_000],
        (2200, "backbone"): [3_600],
        ("Liabilities together", ""): [53_600],
        (3900, "backbone"): [6_364],
        ("Equity together", ""): [-6_364],
        ("Liabilities and equity together", ""): [47_236],
    }


@pytest.mark.usefixtures("closed")
def test_a_pools_sheet_balances_by_what_the_cooperative_owes_it() -> None:
    sheet = build("balance-sheet", Asked(JUNE, pool="backbone"))
    lines = shown(sheet)
    assert lines[1900, ""] == [47_236]
    assert (1200, "") not in lines
    assert lines["Assets together", ""] == lines["Liabilities and equity together", ""] == [47_236]
    assert not sheet.checks, "what is equal by construction is no check"


@pytest.mark.usefixtures("used")
def test_provisional_charges_stand_on_both_sides_and_are_no_income() -> None:
    lines = shown(build("balance-sheet", Asked(JUNE)))
    assert lines[1290, ""] == [9_600]
    assert lines[2290, "backbone"] == [6_000]
    assert lines[2295, "backbone"] == [3_600]
    assert lines["Equity together", ""] == [0]
    assert shown(build("income", Asked(JUNE)))["Surplus, or deficit (minus)", ""] == [0]


@pytest.mark.usefixtures("closed")
def test_income_and_expenditure_of_june_beside_may() -> None:
    report = build("income", Asked(JUNE, compare="previous"))
    lines = shown(report)
    assert [c.label for c in report.tables[0].columns] == ["June 2026", "May 2026"]
    assert lines[4010, "backbone"] == [50_000, 0]
    assert lines[3900, "backbone"] == [6_364, 0]
    assert lines["Charged to members at cost", ""] == [43_636, 0]
    assert lines[5010, "backbone"] == [50_000, 0]
    assert lines["Surplus, or deficit (minus)", ""] == [-6_364, 0]
    assert lines[3900, ""] == [-6_364, 0]
    assert lines[3300, ""] == lines[3990, ""] == lines[2100, ""] == [0, 0]
    assert holds(report)


def test_a_half_closed_period_shows_its_result_as_not_placed(used: Valley) -> None:
    used.run("settle")
    report = build("income", Asked(JUNE))
    assert shown(report)[3990, ""] == [-50_000]
    assert shown(report)["Surplus, or deficit (minus)", ""] == [-50_000]
    assert holds(report)
    sheet = build("balance-sheet", Asked(JUNE))
    assert shown(sheet)[3990, ""] == [-50_000]
    assert holds(sheet)


@pytest.mark.usefixtures("closed")
def test_a_charge_taken_back_leaves_no_income() -> None:
    charged = Transaction.objects.get(kind="period charged")
    reverse(txn_id=charged.pk, source="test", key="back", actor=None, memo="wrong reading")
    report = build("income", Asked(JUNE))
    assert shown(report)["Charged to members at cost", ""] == [0]
    assert shown(report)["Surplus, or deficit (minus)", ""] == [-50_000]
    assert holds(report)


@pytest.mark.usefixtures("closed")
def test_what_is_carried_on_is_neither_lost_nor_income() -> None:
    """60 euros more recovered than spent: a liability to those who are charged next."""
    income, carried = (
        account("cost_income", "backbone/bandwidth"),
        account("stabilisation", "backbone/bandwidth"),
    )
    owed = account("receivable", "member/1")
    at = JUNE.ends_at - timedelta(hours=1)
    charge = [Leg(owed, 6_000), Leg(income, -6_000)]
    post(Posting(source="t", key="1", kind="charged", legs=charge, effective_at=at))
    close = [Leg(income, 6_000), Leg(carried, -6_000)]
    post(Posting(source="t", key="2", kind="period charged", legs=close, effective_at=at))
    report = build("income", Asked(JUNE))
    assert shown(report)["Charged to members at cost", ""] == [49_636]
    assert shown(report)[2100, ""] == [-6_000]
    assert shown(report)["Surplus, or deficit (minus)", ""] == [-6_364]
    assert holds(report)
    assert shown(build("balance-sheet", Asked(JUNE)))[2100, "backbone"] == [6_000]


@pytest.mark.usefixtures("closed")
def test_cash_moves_by_kind_of_transaction() -> None:
    june, now = build("cash", Asked(JUNE)), build("cash", Asked(this_month()))
    operating = {line.label: line.cells[0] for line in now.tables[0].lines}
    amounts = {label: cell.amount for label, cell in operating.items() if cell}
    assert now.tables[0].caption == "Operating cash, Valley backbone"
    assert amounts == {
        "Held at the beginning": -50_000,
        "Payment received": 47_236,
        "Paid above cost: became equity credit": -3_600,
        "Held at the end": -6_364,
    }
    assert shown(june)["Actual cost of a period", ""] == [-50_000]
    growth = [cell.amount for line in now.tables[1].lines for cell in line.cells if cell]
    assert growth == [0, 3_600, 3_600]
    assert holds(june) and holds(now)


@pytest.mark.usefixtures("closed")
def test_the_trial_balance_sums_alike_in_every_commodity() -> None:
    report = build("trial-balance", Asked(this_month()))
    assert shown(report)["Together", ""] == [109_964, 109_964]
    units = Commodity.objects.get(code="unit:backbone").pk
    shares = shown(build("trial-balance", Asked(this_month(), commodity=units)))
    assert shares == {
        (8010, "backbone"): [164, None],
        (8020, "backbone"): [836, None],
        (8900, "backbone"): [None, 1_000],
        ("Together", ""): [1_000, 1_000],
    }
    for commodity in Commodity.objects.all():
        asked = Asked(this_month(), commodity=commodity.pk, compare="year")
        assert holds(build("trial-balance", asked))


def test_member_capital_names_only_whom_the_reader_may_name(closed: Valley) -> None:
    def table(user: object) -> dict[str, list[int | None]]:
        report = build("members", Asked(this_month(), reader=reader(user)))
        return {ln.label: [c and c.amount for c in ln.cells] for ln in report.tables[0].lines}  # type: ignore[misc]

    steward = a_steward()
    named = table(steward)
    assert named["member 1"] == [50_000, None, None, 500]
    assert named["member 3"] == [3_600, None, None, 36]
    assert named["Together"] == [83_600, 0, 0, 836]
    public = table(Client().get("/books/").wsgi_request.user)
    person = f"member/{closed.members['ana'].pk}"
    assert public[f"holder {pseudonym(person)}"] == [50_000, None, None, 500]
    assert not any(label.startswith("member") for label in public)


@pytest.mark.usefixtures("closed")
@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize("pool", ["", "backbone"])
def test_every_number_is_the_sum_of_the_rows_it_leads_to(name: str, pool: str) -> None:
    linked = 0
    for span in (JUNE, this_month()):
        report = build(name, Asked(span, pool=pool, compare="previous"))
        for cell in (c for t in report.tables for ln in t.lines for c in ln.cells):
            if cell is not None and cell.rows is not None:
                assert abs(cell.amount) == abs(summed(cell.rows)), (cell, summed(cell.rows))
                linked += 1
    assert linked >= 4


UNLISTED = {
    "Surplus, or deficit (minus)",
    "Due from the cooperative as a whole",
    "Due to the cooperative as a whole",
}


@pytest.mark.usefixtures("closed")
@pytest.mark.parametrize("name", REPORTS)
def test_only_what_is_no_list_of_entries_leads_nowhere(name: str) -> None:
    report = build(name, Asked(this_month()))
    lines = [line for table in report.tables for line in table.lines]
    unlisted = {ln.label for ln in lines for c in ln.cells if c and c.amount and c.rows is None}
    assert unlisted <= UNLISTED
    sums = [cell for ln in lines if ln.weight in ("sum", "total") for cell in ln.cells]
    assert any(cell and cell.rows for cell in sums)


@pytest.mark.usefixtures("closed")
def test_a_sum_that_has_the_rest_in_it_is_no_list_of_entries() -> None:
    sheet = build("balance-sheet", Asked(JUNE, pool="backbone"))
    together = {line.label: line.cells[0] for table in sheet.tables for line in table.lines}
    assets, debts = together["Assets together"], together["Liabilities together"]
    assert assets and assets.rows is None
    assert debts and debts.rows and debts.rows.kinds == ("cash:operating", "profit_due")
    words = Client().get(f"/books/reports/entries/?{debts.rows.query()}").content.decode()
    assert "€536.00" in words.replace("\u202f", "")


def summed(which: Rows) -> int:
    """The sum of the very entries of a listing, page by page."""
    amounts, before = [], None
    while True:
        page = listing(which, before, 3)
        amounts += [row.amount for row in page.rows]
        before = page.older
        if before is None:
            break
    told = page.closing if page.came is None else page.came + (page.went or 0)
    assert told == sum(amounts)
    return sum(amounts)


@pytest.mark.usefixtures("closed")
def test_a_report_of_an_earlier_knowledge_leaves_out_what_came_later() -> None:
    settled = Transaction.objects.get(kind="cost of the period").recorded_at
    asked = Asked(JUNE, known=settled)
    assert shown(build("income", asked))[5010, "backbone"] == [50_000]
    assert shown(build("income", asked))["Charged to members at cost", ""] == [0]
    before = Asked(JUNE, known=settled - timedelta(microseconds=1))
    assert (5010, "backbone") not in shown(build("income", before))


# pages and files


def read_csv(answer: HttpResponseBase) -> list[list[str]]:
    body = b"".join(answer).decode("utf-8")  # type: ignore[arg-type]
    return list(csv.reader(StringIO(body)))


@pytest.mark.usefixtures("closed")
def test_a_report_as_csv_has_one_head_and_every_amount_twice() -> None:
    answer = Client().get("/books/reports/balance-sheet.csv?period=2026-06")
    assert answer["Content-Type"].startswith("text/csv; charset=utf-8")
    assert 'filename="balance-sheet-2026-06.csv"' in answer["Content-Disposition"]
    rows = read_csv(answer)
    assert rows[0] == ["table", "number", "line", "pool", "weight",
                       "at_2026-06-30_minor", "at_2026-06-30"]  # fmt: skip
    assert ["Assets", "1200", "Owed by members", "", "line", "47236", "472.36"] in rows
    assert ["Liabilities and equity", "3900", "Vacancy deficit", "backbone", "less",
            "6364", "63.64"] in rows  # fmt: skip
    assert all(len(row) == 7 for row in rows)


@pytest.mark.parametrize(
    ("given", "written"),
    [("=1+1", "'=1+1"), ("+4", "'+4"), ("-x", "'-x"), ("@cmd", "'@cmd"), ("\t=1", "'\t=1"),
     ("Ana", "Ana"), (None, "")],
)  # fmt: skip
def test_no_text_in_a_csv_file_is_a_formula(given: str | None, written: str) -> None:
    assert text(given) == written


@pytest.mark.parametrize(
    ("amount", "exponent", "written"),
    [(-6_364, 2, "-63.64"), (5, 2, "0.05"), (-5, 2, "-0.05"), (836, 0, "836"),
     (47_273, 3, "47.273"), (0, 2, "0.00")],
)  # fmt: skip
def test_decimals_are_exact(amount: int, exponent: int, written: str) -> None:
    assert decimal(amount, exponent) == written


@pytest.mark.usefixtures("closed")
@pytest.mark.parametrize("name", REPORTS)
def test_every_report_is_a_page_and_a_pdf_in_both_languages(name: str) -> None:
    for language in ("en", "de"):
        client = Client(headers={"Accept-Language": language})
        for query in ("", "?period=2026&compare=year", "?period=2026-Q2&pool=backbone"):
            page = client.get(f"/books/reports/{name}/{query}")
            assert page.status_code == 200
            assert "/books/reports/entries/?" in page.content.decode() or name != "balance-sheet"
            made = client.get(f"/books/reports/{name}.pdf{query}")
            assert made["Content-Type"] == "application/pdf"
            assert made.content.startswith(b"%PDF-")


@pytest.mark.usefixtures("closed")
def test_a_name_cannot_become_a_command_of_the_pdf() -> None:
    Pool.objects.update(name='#panic("x") *bold* $ [ = "quoted" \\')
    asked = Asked(this_month())
    assert report_pdf(build("balance-sheet", asked), asked).startswith(b"%PDF-")


@pytest.mark.usefixtures("closed")
def test_the_pdf_says_which_checkpoint_covers_it() -> None:
    asked = Asked(this_month())
    plain = report_pdf(build("cash", asked), asked, form="png")
    Checkpoint.objects.create(
        size=7, root=b"r" * 32, note="n", sealed_at=timezone.now(), xid_floor=1
    )
    sealed = report_pdf(build("cash", asked), asked, form="png")
    assert plain.startswith(b"\x89PNG") and len(sealed) > len(plain)


@pytest.mark.usefixtures("closed")
@pytest.mark.parametrize(
    "query",
    [
        "period=nonsense",
        "period=2026-13",
        "period=9999",
        "period=days&first=2026-06-01",
        "period=days&first=2026-06-30&last=2026-06-01",
        "period=days&first=0001-01-01&last=9999-12-31",
        "period=days&first=1900-01-01&last=9000-12-31",
        "period=2026-06&known=yesterday",
        "period=2026-06&pool=nowhere",
        "period=2026-06&compare=mars",
    ],
)
def test_a_question_that_makes_no_sense_is_refused_with_reasons(query: str) -> None:
    for ending in ("/", ".csv", ".pdf"):
        answer = Client().get(f"/books/reports/income{ending}?{query}")
        assert answer.status_code == 422
        assert 'id="errors"' in answer.content.decode()
    answer = Client().get(f"/api/v1/reports/income?{query}")
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"


def test_a_refused_question_says_what_to_do() -> None:
    income, exports = "/books/reports/income/", "/books/exports/download"
    for path, words in (
        (f"{income}?period=nonsense", "Choose one of the list, or days of your own."),
        (f"{income}?compare=mars", "This is not in the list."),
        (f"{income}?pool=nowhere", "This is not in the list."),
        (f"{income}?period=days&first=2026-02-30&last=x", "Write it like 2026-06-30."),
        (f"{income}?known=yesterday", "Write it like 2026-06-30 18:00."),
        ("/books/reports/entries/?accounts=x", "like 12 or 12,13."),
        (exports, "Choose a format."),
        (f"{exports}?format=xlsx", "Choose one of the list."),
    ):
        page = Client().get(path).content.decode()
        assert words in page, path
        assert "valid choice" not in page and "This field is required" not in page


@pytest.mark.usefixtures("closed")
def test_a_period_that_is_not_over_says_so() -> None:
    today = timezone.localdate()
    words = f"so far, as of {date_format(today, 'j F Y')}"
    for span, said in ((this_month(), True), (this_month().before(), False), (JUNE, False)):
        page = Client().get(f"/books/reports/balance-sheet/?period={span.code}").content.decode()
        assert (words in page) is said
    known = timezone.make_aware(datetime(2026, 6, 15, 12))
    assert Asked(JUNE, known=known).heading == "June 2026 so far, as of 15 June 2026"
    assert Asked(JUNE).heading == "June 2026"


@pytest.mark.usefixtures("closed")
def test_the_chart_is_a_csv_file_too() -> None:
    assert "/books/reports/chart.csv" in Client().get("/books/reports/chart/").content.decode()
    head, *rows = read_csv(Client().get("/books/reports/chart.csv"))
    assert head[:5] == ["number", "account", "kind", "class", "usually"]
    assert len(rows) == len(CHART)
    assert [
        "1010", "Operating cash", "cash:operating", "Assets", "debit",
        "2010", "Operating cash, overdrawn", "yes",
    ] in rows  # fmt: skip


@pytest.mark.usefixtures("closed")
def test_days_of_ones_own_are_read_from_the_form() -> None:
    page = Client().get(
        "/books/reports/income/?period=days&first=2026-06-01&last=2026-06-30"
        "&compare=previous&known=2099-01-01T10:00"
    )
    words = page.content.decode()
    assert "1 Jun 2026 to 30 Jun 2026" in words
    assert "2 May 2026 to 31 May 2026" in words
    assert "€436.36" in words
    assert 'value="2099-01-01T10:00"' in words


@pytest.mark.usefixtures("closed")
def test_a_statement_has_its_running_balance_on_the_page_as_csv_and_as_pdf() -> None:
    cash = account("cash:operating", "pool/backbone")
    path = f"accounts={cash}&first=2026-06-01&last={timezone.localdate().isoformat()}"
    words = Client().get(f"/books/reports/entries/?{path}").content.decode()
    assert "Operating cash: pool\u00a0backbone" in words
    for amount in ("−€500.00", "€472.36", "−€536.00", "−€63.64"):
        assert amount in words, amount
    rows = read_csv(Client().get(f"/books/reports/entries.csv?{path}"))
    assert [(row[11], row[13]) for row in rows[1:]] == [
        ("-3600", "-6364"),
        ("9600", "-2764"),
        ("12636", "-12364"),
        ("25000", "-25000"),
        ("-50000", "-50000"),
    ]
    assert rows[5][0] == "2026-06-30T23:59:59.999999+02:00"
    assert Client().get(f"/books/reports/entries.pdf?{path}").content.startswith(b"%PDF-")


@pytest.mark.usefixtures("closed")
@pytest.mark.parametrize(
    "query",
    [
        "first=2026-06-01",
        "accounts=x",
        "accounts=abc1",
        "accounts=1,abc",
        "accounts=1%0A",
        "accounts=99999999999999999999999",
        "kind=capital&before=here",
        "kind=capital&side=left",
    ],
)
def test_entries_of_nothing_in_particular_are_refused(query: str) -> None:
    for ending in ("/", ".csv", ".pdf"):
        assert Client().get(f"/books/reports/entries{ending}?{query}").status_code == 422


@pytest.mark.usefixtures("closed")
def test_a_listing_names_nobody_to_the_public(closed: Valley) -> None:
    person = f"member/{closed.members['chloe'].pk}"
    path = "/books/reports/entries/?kind=receivable"
    assert f"holder {pseudonym(person)}" in Client().get(path).content.decode()
    assert "member 3" not in Client().get(path).content.decode()
    client = Client()
    client.force_login(a_steward())
    assert "member 3" in client.get(path).content.decode()


@pytest.mark.parametrize("number", ["9" * 20, "9" * 5000, str(2**63)])
@pytest.mark.parametrize(
    "path",
    [
        "/books/accounts/{}/",
        "/books/transactions/{}/",
        "/books/commodities/{}/",
        "/books/log/transactions/{}/",
        "/books/log/checkpoints/{}",
        "/api/v1/accounts/{}/entries",
        "/api/v1/transactions/{}",
    ],
)
def test_a_number_beyond_all_numbers_is_not_found(path: str, number: str) -> None:
    assert Client().get(path.format(number)).status_code == 404


def test_the_entries_of_no_question_say_where_questions_are_asked() -> None:
    page = Client().get("/books/reports/entries/")
    assert page.status_code == 200
    assert 'href="/books/reports/"' in page.content.decode()


def test_a_cursor_is_read_as_it_was_written() -> None:
    cursor = Cursor(timezone.now(), timezone.now(), 12, 3)
    assert Cursor.read(str(cursor)) == cursor
    for broken in ("", "a~b~c~d", "2026-06-01~2026-06-01~1~1"):
        with pytest.raises(ValueError, match=r".+"):
            Cursor.read(broken)


def test_empty_books_have_empty_reports() -> None:
    for name in REPORTS:
        assert Client().get(f"/books/reports/{name}/").status_code == 200
        assert Client().get(f"/books/reports/{name}.pdf").content.startswith(b"%PDF-")
    assert Client().get("/books/reports/").status_code == 200


@pytest.mark.usefixtures("closed")
def test_the_api_gives_the_numbers_of_the_page() -> None:
    answer = Client().get("/api/v1/reports/income?period=2026-06&compare=previous").json()
    lines = {line["text"]: line for table in answer["tables"] for line in table["lines"]}
    assert lines["Actual cost"]["amounts"] == [50_000, 0]
    assert lines["Actual cost"]["entries"][0].startswith("kind=expense&pool=backbone")
    assert answer["checks"] == [{"text": "All of the result is accounted for.", "holds": True}]
    assert Client().get("/api/v1/reports/nothing").status_code == 404


# spans


@pytest.mark.parametrize(
    ("code", "start", "end", "before", "year"),
    [
        ("2026-06", "2026-06-01", "2026-07-01", "2026-05", "2025-06"),
        ("2026-01", "2026-01-01", "2026-02-01", "2025-12", "2025-01"),
        ("2026-Q1", "2026-01-01", "2026-04-01", "2025-Q4", "2025-Q1"),
        ("2026", "2026-01-01", "2027-01-01", "2025", "2025"),
    ],
)
def test_spans_are_whole_periods(code: str, start: str, end: str, before: str, year: str) -> None:
    span = span_of(code)
    assert span is not None
    assert (span.code, span.start.isoformat(), span.end.isoformat()) == (code, start, end)
    assert (span.before().code, span.year_before().code) == (before, year)
    assert span.before().after() == span


def test_days_of_ones_own_are_compared_with_as_many_before_and_a_year_before() -> None:
    leap = Span(date(2028, 2, 29), date(2028, 3, 10))
    assert leap.before() == Span(date(2028, 2, 19), date(2028, 2, 29))
    assert leap.year_before() == Span(date(2027, 2, 28), date(2027, 3, 10))
    assert leap.code == ""
    with override("de"):
        assert span_of("2026-03") is not None
    codes = [span.code for span in recent(date(2026, 1, 15))]
    assert len(codes) == len(set(codes)) == 35
    assert {"2026", "2026-Q1", "2026-01", "2025-12", "2024"} <= set(codes)


@pytest.mark.usefixtures("closed")
def test_german_days_and_choices_are_german() -> None:
    with override("de"):
        client = Client(headers={"accept-language": "de"})
        days = "period=days&first=2026-06-01&last=2026-06-30"
        page = client.get(f"/books/reports/trial-balance/?{days}").content.decode()
        for words in ("1. Jun 2026 bis 30. Jun 2026", "Eigene Tage", "Geld", "Token von Valley"):
            assert words in page, words
        cash = account("cash:operating", "pool/backbone")
        entries = client.get(f"/books/reports/entries/?accounts={cash}&first=2026-06-01")
        assert "1. Juni 2026" in entries.content.decode()
        assert written(at_noon()).startswith("30. Juni 2026, 12:00")


def at_noon() -> datetime:
    return timezone.make_aware(datetime(2026, 6, 30, 12))


def test_a_day_begins_at_midnight_where_the_cooperative_is() -> None:
    assert JUNE.begins_at == datetime.fromisoformat("2026-05-31T22:00:00+00:00")
    assert JUNE.ends_at == datetime.fromisoformat("2026-06-30T22:00:00+00:00")
    window = Window(JUNE.begins_at, JUNE.ends_at)
    assert "first=2026-06-01&last=2026-06-30" in Rows(("expense",), window).query()
    assert Cell(1).rows is None


@pytest.mark.usefixtures("closed")
@pytest.mark.parametrize("name", REPORTS)
def test_a_report_asks_the_database_as_often_for_many_members_as_for_few(
    name: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    def queries() -> int:
        with django_assert_max_num_queries(60) as found:
            build(name, Asked(this_month(), compare="previous"))
        return len(found.captured_queries)

    few = queries()
    for n in range(100, 130):
        legs = [Leg(account("receivable", f"member/{n}"), 100),
                Leg(account("capital", f"backbone/member/{n}"), -100)]  # fmt: skip
        post(Posting(source="test", key=f"many {n}", kind="payment", legs=legs))
    assert queries() == few
