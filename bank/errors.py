"""What the bank desk refuses."""

from django.utils.translation import gettext_lazy as _

from bank.files.problem import Problem, Why
from ledger.errors import DomainError
from payments.errors import cents_text

WORDS = {
    Why.TOO_LARGE: _("The file is too large. Ask the bank for a shorter time."),
    Why.NOT_XML: _("The file is not whole: it breaks off or is damaged at %(place)s."),
    Why.DTD: _("The file holds definitions that no bank sends. It was not read."),
    Why.TOO_DEEP: _("The file is built as no bank builds it. It was not read."),
    Why.TOO_MANY: _("The file holds too much. Ask the bank for a shorter time."),
    Why.NOT_CAMT: _("This is not a bank statement in the form camt.053."),
    Why.MISSING: _("Something that every statement has is missing: %(place)s."),
    Why.BAD_AMOUNT: _("“%(found)s” is not an amount (%(place)s)."),
    Why.BAD_DATE: _("“%(found)s” is not a day (%(place)s)."),
    Why.CURRENCY: _("An amount is in another currency than the account: %(found)s (%(place)s)."),
    Why.NO_BALANCE: _("The statement %(place)s names no opening and closing balance."),
    Why.SUM: _(
        "The lines of the statement %(place)s do not lead from its opening to its closing balance."
    ),
    Why.EMPTY: _("The file holds no lines."),
    Why.ENCODING: _("The file is written in another encoding than expected."),
    Why.COLUMN: _("The column “%(place)s” is not as the description of the table says."),
}


class BadFile(DomainError):
    """A file that cannot be read is refused whole."""

    code = "bad_file"

    def __init__(self, problem: Problem) -> None:
        values = {"found": "", **problem.values, "place": problem.place}
        super().__init__(WORDS[problem.why], **values)

    def __str__(self) -> str:
        return f"{super().__str__()} {NOTHING}"


NOTHING = _("Nothing was imported.")


class NoAccount(DomainError):
    """Without an account of the cooperative no statement can be its own."""

    code = "no_account"
    status = 409
    text = _("The cooperative has not named its bank account yet. Nothing was imported.")


class ForeignAccount(DomainError):
    """Only statements of the cooperative's own account are taken."""

    code = "foreign_account"
    text = _("The statement is of the account %(iban)s, which is not ours. Nothing was imported.")


class ForeignCurrency(DomainError):
    """Only statements in the cooperative's own currency are taken."""

    code = "foreign_currency"
    text = _("The statement is in %(currency)s; the books are in %(ours)s. Nothing was imported.")


class StatementChanged(DomainError):
    """The bank's name for a statement stands for one content."""

    code = "statement_changed"
    status = 409
    text = _(
        "The statement %(identification)s was imported before with other content. Ask the bank "
        "which is right. Nothing was imported."
    )


class FormsMixed(DomainError):
    """The same days told by a table and by camt.053 could not be told apart."""

    code = "forms_mixed"
    status = 409
    text = _(
        "Days of this file were imported before in another form (%(form)s). Stay with that form "
        "for these days. Nothing was imported."
    )


class InTheFuture(DomainError):
    """A bank books today or earlier."""

    code = "in_the_future"
    text = _("The statement has lines of days to come (%(day)s). Nothing was imported.")


class LineDecided(DomainError):
    """Somebody else was quicker."""

    code = "line_decided"
    status = 409
    text = _("This line was decided already. Look at it again. Nothing was booked.")


class BeyondLine(DomainError):
    """No more can be assigned than has arrived."""

    code = "beyond_line"
    text = _("%(wanted)s are to be assigned, but %(there)s arrived. Nothing was booked.")

    def __init__(self, *, wanted: int, there: int) -> None:
        super().__init__(wanted=cents_text(wanted), there=cents_text(there))


class WhoseBalance(DomainError):
    """What is left over needs a member whose balance it goes to."""

    code = "whose_balance"
    text = _("Choose the member whom the money belongs to. Nothing was booked.")


class OnlyIncoming(DomainError):
    """Money that left cannot pay for something."""

    code = "only_incoming"
    text = _("Only money that came in can be used so. Nothing was booked.")


class NoteNeeded(DomainError):
    """What nobody else can see needs a reason."""

    code = "note_needed"
    text = _("Write down the reason: who checks the books will ask for it. Nothing was booked.")


class NotTheOtherSide(DomainError):
    """A line takes back one of the same amount, the other way round."""

    code = "not_the_other_side"
    text = _("A line can only take back one of the same amount that went the other way.")


class PayoutFirst(DomainError):
    """Money that is on its way out is stopped where payouts are."""

    code = "payout_first"
    status = 409
    text = _("Cancel the payout %(reference)s first, then take this back. Nothing was booked.")


class NothingToUndo(DomainError):
    """Only the latest decision of a line can be taken back."""

    code = "nothing_to_undo"
    status = 409
    text = _("This decision was taken back already, or it cannot be. Nothing was booked.")
