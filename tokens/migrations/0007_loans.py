"""Loans with a stated return, vouchers, and gifts that are taken back; what may change in them."""

import uuid
from typing import ClassVar

import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models

RULES = """
CREATE FUNCTION tokens_voucher_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    kept tokens_voucher := NEW;
BEGIN
    kept.state := OLD.state;
    kept.back_at := OLD.back_at;
    kept.presented := OLD.presented;
    IF kept IS NOT DISTINCT FROM OLD AND NEW.presented >= OLD.presented
        AND (NEW.state = OLD.state OR (OLD.state = 'out' AND OLD.presented = 0))
        AND (NEW.back_at IS NOT DISTINCT FROM OLD.back_at OR OLD.back_at IS NULL)
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a voucher is given back once while unused, and presented; nothing else'
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER tokens_voucher_change BEFORE UPDATE ON tokens_voucher
    FOR EACH ROW EXECUTE FUNCTION tokens_voucher_change();
CREATE TRIGGER tokens_voucher_keep BEFORE DELETE OR TRUNCATE ON tokens_voucher
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE FUNCTION tokens_loan_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.lender_id, OLD.borrower_id, OLD.amount, OLD.due_at, OLD.key, OLD.created_at)
        IS NOT DISTINCT FROM
        (NEW.lender_id, NEW.borrower_id, NEW.amount, NEW.due_at, NEW.key, NEW.created_at)
        AND NEW.returned >= OLD.returned AND NEW.repaid >= OLD.repaid
        AND ((OLD.state, NEW.state) IN (('offered', 'running'), ('offered', 'declined'),
             ('offered', 'withdrawn'), ('running', 'owing'), ('running', 'back'),
             ('owing', 'back')) OR OLD.state = NEW.state)
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a loan goes on, never back' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER tokens_loan_change BEFORE UPDATE ON tokens_loan
    FOR EACH ROW EXECUTE FUNCTION tokens_loan_change();
CREATE TRIGGER tokens_loan_keep BEFORE DELETE OR TRUNCATE ON tokens_loan
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
"""
UNDO = """
DROP TRIGGER tokens_loan_keep ON tokens_loan;
DROP TRIGGER tokens_voucher_keep ON tokens_voucher;
DROP FUNCTION tokens_loan_change CASCADE;
DROP FUNCTION tokens_voucher_change CASCADE;
"""


class Migration(migrations.Migration):
    """Makes the tables and their rules."""

    dependencies: ClassVar = [("tokens", "0006_market"), ("assets", "0003_money")]
    operations: ClassVar = [
        migrations.CreateModel(
            name="Loan",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("amount", models.BigIntegerField(help_text="millitokens")),
                ("returned", models.BigIntegerField(default=0, help_text="millitokens")),
                ("repaid", models.BigIntegerField(default=0, help_text="millitokens")),
                ("due_at", models.DateTimeField(help_text="when it goes back by itself")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("offered", "waiting for acceptance"),
                            ("running", "lent"),
                            ("owing", "not all came back"),
                            ("back", "returned"),
                            ("declined", "declined"),
                            ("withdrawn", "withdrawn"),
                        ],
                        default="offered",
                        max_length=10,
                    ),
                ),
                ("key", models.CharField(max_length=80, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("accepted_at", models.DateTimeField(null=True)),
                (
                    "closed_at",
                    models.DateTimeField(help_text="when the last of it came back", null=True),
                ),
                ("txn_id", models.BigIntegerField(null=True)),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="Voucher",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uuid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("amount", models.BigIntegerField(help_text="millitokens")),
                (
                    "raw",
                    models.DecimalField(decimal_places=0, help_text="in `unit`", max_digits=40),
                ),
                ("unit", models.CharField(help_text="By, By.s or us", max_length=12)),
                ("node", models.UUIDField(help_text="the one node that honours it", null=True)),
                ("not_before", models.DateTimeField()),
                ("not_after", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[("out", "taken out"), ("back", "given back")],
                        default="out",
                        max_length=4,
                    ),
                ),
                ("presented", models.BigIntegerField(default=0, help_text="millitokens")),
                ("ticket", models.CharField(max_length=64, unique=True)),
                ("payload", models.BinaryField()),
                ("signature", models.BinaryField(max_length=64)),
                ("keyid", models.CharField(max_length=40)),
                ("key", models.CharField(max_length=80, unique=True)),
                ("issued_at", models.DateTimeField()),
                ("back_at", models.DateTimeField(null=True)),
                ("txn_id", models.BigIntegerField()),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.AddField(
            model_name="yield",
            name="vouchers_account",
            field=models.BigIntegerField(help_text="opened with the first voucher", null=True),
        ),
        migrations.AlterField(
            model_name="gift",
            name="state",
            field=models.CharField(
                choices=[
                    ("offered", "waiting for acceptance"),
                    ("accepted", "accepted"),
                    ("declined", "declined"),
                    ("withdrawn", "withdrawn"),
                ],
                default="offered",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="loan",
            name="borrower",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="loans_taken",
                to="tokens.book",
            ),
        ),
        migrations.AddField(
            model_name="loan",
            name="lender",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="loans_given",
                to="tokens.book",
            ),
        ),
        migrations.AddField(
            model_name="voucher",
            name="asset",
            field=models.ForeignKey(
                help_text="or the asset whose nodes honour it",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="vouchers",
                to="assets.asset",
            ),
        ),
        migrations.AddField(
            model_name="voucher",
            name="book",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="vouchers",
                to="tokens.book",
            ),
        ),
        migrations.AddIndex(
            model_name="loan",
            index=models.Index(
                condition=models.Q(("state", "running")),
                fields=["due_at"],
                name="tokens_loan_running",
            ),
        ),
        migrations.AddConstraint(
            model_name="loan",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("amount__gt", 0),
                    ("repaid__gte", 0),
                    ("returned__gte", 0),
                    (
                        "amount__gte",
                        django.db.models.expressions.CombinedExpression(
                            models.F("returned"), "+", models.F("repaid")
                        ),
                    ),
                ),
                name="tokens_loan_back_within_amount",
            ),
        ),
        migrations.AddConstraint(
            model_name="loan",
            constraint=models.CheckConstraint(
                condition=models.Q(("lender", models.F("borrower")), _negated=True),
                name="tokens_loan_not_to_oneself",
            ),
        ),
        migrations.AddConstraint(
            model_name="loan",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ("running", "owing", "back")),
                    models.Q(("repaid", 0), ("returned", 0)),
                    _connector="OR",
                ),
                name="tokens_loan_back_only_when_lent",
            ),
        ),
        migrations.AddConstraint(
            model_name="loan",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "back"), _negated=True),
                    (
                        "amount",
                        django.db.models.expressions.CombinedExpression(
                            models.F("returned"), "+", models.F("repaid")
                        ),
                    ),
                    _connector="OR",
                ),
                name="tokens_loan_back_is_all",
            ),
        ),
        migrations.AddIndex(
            model_name="voucher",
            index=models.Index(fields=["book", "state"], name="tokens_vouc_book_id_0227de_idx"),
        ),
        migrations.AddConstraint(
            model_name="voucher",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gt", 0), ("presented__gte", 0), ("raw__gt", 0)),
                name="tokens_voucher_positive",
            ),
        ),
        migrations.AddConstraint(
            model_name="voucher",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("asset", None), ("node__isnull", False)),
                    models.Q(("asset__isnull", False), ("node", None)),
                    _connector="OR",
                ),
                name="tokens_voucher_bound_to_one",
            ),
        ),
        migrations.AddConstraint(
            model_name="voucher",
            constraint=models.CheckConstraint(
                condition=models.Q(("not_after__gt", models.F("not_before"))),
                name="tokens_voucher_slot_not_empty",
            ),
        ),
        migrations.AlterField(
            model_name="usage",
            name="kind",
            field=models.CharField(
                choices=[
                    ("reading", "metered"),
                    ("correction", "correction"),
                    ("voucher", "through a voucher"),
                ],
                default="reading",
                max_length=10,
            ),
        ),
        migrations.RunSQL(RULES, reverse_sql=UNDO),
    ]
