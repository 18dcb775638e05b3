"""Links between nodes, disputes that the machine opens, countersigned use, storage challenges."""

from typing import ClassVar

from django.conf import settings
from django.db import migrations, models
from django.db.models.deletion import PROTECT

from metering.fields import WholeNumberField

KEPT = ("metering_linkcorrection", "metering_disputeenvelope")
ANSWERED_ONCE = {
    "metering_linkpair": ("until", "seen"),
    "metering_countersigning": ("until",),
    "metering_deliverynote": (
        "state", "answered_at", "answered_by_id", "signed", "node_id", "dispute_id",
    ),
    "metering_storagechallenge": (
        "state", "why", "issued_at", "until", "answered_at", "answer",
    ),
}  # fmt: skip
"""what may change in a row, and only while the row is open"""
OPEN = {
    "metering_linkpair": "OLD.until IS NULL OR NEW.until IS NOT DISTINCT FROM OLD.until",
    "metering_countersigning": "true",
    "metering_deliverynote": "OLD.state = 'open'",
    "metering_storagechallenge": "(OLD.state, NEW.state) IN (('waiting', 'issued'), "
    "('issued', 'passed'), ('issued', 'failed'))",
}


def rules() -> str:
    sql = ""
    for table in KEPT:
        sql += guard(table, "UPDATE OR DELETE", "ROW", "metering_refuse", "keep")
    for table, columns in ANSWERED_ONCE.items():
        sql += change(table, columns)
        sql += guard(table, "DELETE", "ROW", "metering_refuse", "keep")
        sql += guard(table, "UPDATE", "ROW", f"{table}_change", "change")
    for table in (*KEPT, *ANSWERED_ONCE):
        sql += guard(table, "TRUNCATE", "STATEMENT", "metering_refuse", "whole")
    return sql


def change(table: str, columns: tuple[str, ...]) -> str:
    kept = "".join(f"    kept.{column} := OLD.{column};\n" for column in columns)
    return f"""
CREATE FUNCTION {table}_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    kept {table} := NEW;
BEGIN
{kept}    IF kept IS NOT DISTINCT FROM OLD AND ({OPEN[table]}) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'what {table} says is written once'
        USING ERRCODE = 'restrict_violation';
END $$;
"""


def guard(table: str, events: str, level: str, function: str, name: str) -> str:
    return (
        f"CREATE TRIGGER {table}_{name} BEFORE {events} ON {table} "
        f"FOR EACH {level} EXECUTE FUNCTION {function}();\n"
    )


RULES = rules()
UNDO = "".join(f"DROP FUNCTION {table}_change CASCADE;\n" for table in ANSWERED_ONCE)


class Migration(migrations.Migration):
    """Adds the tables, and lets a dispute be about a link."""

    dependencies: ClassVar = [
        ("metering", "0006_trust"),
        ("tokens", "0008_lean"),
        ("assets", "0003_money"),
        ("members", "0004_identity"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations: ClassVar = [
        migrations.CreateModel(
            name="StorageChallenge",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "name",
                    models.CharField(help_text="path below the measured folder", max_length=400),
                ),
                ("offset", models.BigIntegerField()),
                ("length", models.PositiveIntegerField()),
                ("nonce", models.CharField(max_length=64)),
                ("digest", models.CharField(max_length=64)),
                ("uploaded_at", models.DateTimeField(auto_now_add=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "not asked yet"),
                            ("issued", "asked"),
                            ("passed", "passed"),
                            ("failed", "failed"),
                        ],
                        default="waiting",
                        max_length=7,
                    ),
                ),
                (
                    "why",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("wrong", "the block is another one"),
                            ("late", "the answer came too late"),
                            ("none", "no answer came"),
                        ],
                        max_length=5,
                    ),
                ),
                ("issued_at", models.DateTimeField(null=True)),
                ("until", models.DateTimeField(null=True)),
                ("answered_at", models.DateTimeField(null=True)),
                (
                    "answer",
                    models.BinaryField(
                        help_text="the answer as the node signed it, JSON", null=True
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.AlterField(
            model_name="dispute",
            name="member",
            field=models.ForeignKey(
                null=True, on_delete=PROTECT, related_name="disputes", to="members.member"
            ),
        ),
        migrations.AlterField(
            model_name="dispute",
            name="pool",
            field=models.ForeignKey(
                null=True, on_delete=PROTECT, related_name="+", to="assets.pool"
            ),
        ),
        migrations.AlterField(
            model_name="dispute",
            name="resource",
            field=models.ForeignKey(
                null=True, on_delete=PROTECT, related_name="+", to="assets.resource"
            ),
        ),
        migrations.CreateModel(
            name="Countersigning",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField(null=True)),
                (
                    "assignment",
                    models.OneToOneField(
                        on_delete=PROTECT,
                        related_name="countersigning",
                        to="metering.meterassignment",
                    ),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        null=True, on_delete=PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="DeliveryNote",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField(help_text="in the cooperative's time zone")),
                ("number", models.PositiveSmallIntegerField(default=1)),
                ("amount", models.BigIntegerField(help_text="millitokens")),
                ("made_at", models.DateTimeField()),
                ("due", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "waits for your answer"),
                            ("accepted", "accepted"),
                            ("silent", "accepted by silence"),
                            ("refused", "refused"),
                        ],
                        default="open",
                        max_length=8,
                    ),
                ),
                ("answered_at", models.DateTimeField(null=True)),
                (
                    "signed",
                    models.BinaryField(help_text="the answer as it was signed, JSON", null=True),
                ),
                (
                    "answered_by",
                    models.ForeignKey(
                        null=True, on_delete=PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "assignment",
                    models.ForeignKey(
                        on_delete=PROTECT, related_name="notes", to="metering.meterassignment"
                    ),
                ),
                (
                    "dispute",
                    models.ForeignKey(
                        null=True, on_delete=PROTECT, related_name="notes", to="metering.dispute"
                    ),
                ),
                (
                    "node",
                    models.ForeignKey(
                        null=True, on_delete=PROTECT, related_name="+", to="metering.node"
                    ),
                ),
            ],
            options={
                "ordering": ["-day", "-id"],
            },
        ),
        migrations.CreateModel(
            name="DisputeEnvelope",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("side", models.CharField(choices=[("a", "A"), ("b", "B")], max_length=1)),
                (
                    "dispute",
                    models.ForeignKey(
                        on_delete=PROTECT, related_name="evidence", to="metering.dispute"
                    ),
                ),
                (
                    "envelope",
                    models.ForeignKey(on_delete=PROTECT, related_name="+", to="metering.envelope"),
                ),
            ],
            options={
                "ordering": ["side", "envelope"],
            },
        ),
        migrations.CreateModel(
            name="LinkHour",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "way",
                    models.CharField(choices=[("ab", "A to B"), ("ba", "B to A")], max_length=2),
                ),
                ("hour", models.DateTimeField()),
                ("sent", WholeNumberField(decimal_places=0, max_digits=40)),
                ("received", WholeNumberField(decimal_places=0, max_digits=40)),
                ("packets", WholeNumberField(decimal_places=0, max_digits=40, null=True)),
                ("sent_net", WholeNumberField(decimal_places=0, max_digits=40)),
                ("received_net", WholeNumberField(decimal_places=0, max_digits=40)),
                ("sent_seconds", models.PositiveSmallIntegerField()),
                ("received_seconds", models.PositiveSmallIntegerField()),
                ("tolerance", WholeNumberField(decimal_places=0, max_digits=40)),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("agree", "both ends agree"),
                            ("shifted", "agrees over several hours"),
                            ("loss", "a little was lost"),
                            ("missing", "much less arrived"),
                            ("excess", "more arrived than sent"),
                            ("waits", "waits for the next hour"),
                            ("gap", "not comparable: gaps"),
                        ],
                        max_length=8,
                    ),
                ),
                ("unsettled", models.BooleanField(default=False)),
                (
                    "trouble",
                    models.CharField(
                        blank=True, help_text="why nothing could be booked", max_length=40
                    ),
                ),
                ("judged_at", models.DateTimeField()),
                (
                    "dispute",
                    models.ForeignKey(
                        null=True, on_delete=PROTECT, related_name="hours", to="metering.dispute"
                    ),
                ),
            ],
            options={
                "ordering": ["-hour", "way"],
            },
        ),
        migrations.CreateModel(
            name="LinkCorrection",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("amount", models.BigIntegerField(help_text="millitokens")),
                ("booked_at", models.DateTimeField(auto_now_add=True)),
                (
                    "assignment",
                    models.ForeignKey(
                        on_delete=PROTECT,
                        related_name="link_corrections",
                        to="metering.meterassignment",
                    ),
                ),
                (
                    "period",
                    models.ForeignKey(on_delete=PROTECT, related_name="+", to="tokens.period"),
                ),
                (
                    "hour",
                    models.ForeignKey(
                        on_delete=PROTECT, related_name="corrections", to="metering.linkhour"
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="LinkPair",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("label", models.CharField(max_length=80)),
                (
                    "layer",
                    models.CharField(
                        choices=[
                            ("l2", "frames on the wire (layer 2)"),
                            ("l3", "IP packets (layer 3)"),
                            ("tunnel", "what a tunnel carries"),
                        ],
                        default="l2",
                        max_length=6,
                    ),
                ),
                (
                    "a_overhead",
                    models.PositiveSmallIntegerField(default=0, help_text="bytes per packet"),
                ),
                (
                    "b_overhead",
                    models.PositiveSmallIntegerField(default=0, help_text="bytes per packet"),
                ),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField(null=True)),
                ("seen", models.BigIntegerField(default=0)),
                (
                    "a_packets",
                    models.ForeignKey(
                        null=True, on_delete=PROTECT, related_name="+", to="metering.meter"
                    ),
                ),
                (
                    "a_rx",
                    models.ForeignKey(on_delete=PROTECT, related_name="+", to="metering.meter"),
                ),
                (
                    "a_tx",
                    models.ForeignKey(on_delete=PROTECT, related_name="+", to="metering.meter"),
                ),
                (
                    "b_packets",
                    models.ForeignKey(
                        null=True, on_delete=PROTECT, related_name="+", to="metering.meter"
                    ),
                ),
                (
                    "b_rx",
                    models.ForeignKey(on_delete=PROTECT, related_name="+", to="metering.meter"),
                ),
                (
                    "b_tx",
                    models.ForeignKey(on_delete=PROTECT, related_name="+", to="metering.meter"),
                ),
                (
                    "declared_by",
                    models.ForeignKey(
                        null=True, on_delete=PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "ordering": ["label", "id"],
            },
        ),
        migrations.AddField(
            model_name="linkhour",
            name="pair",
            field=models.ForeignKey(
                on_delete=PROTECT, related_name="hours", to="metering.linkpair"
            ),
        ),
        migrations.AddField(
            model_name="dispute",
            name="link",
            field=models.ForeignKey(
                null=True, on_delete=PROTECT, related_name="disputes", to="metering.linkpair"
            ),
        ),
        migrations.AddConstraint(
            model_name="dispute",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("member__isnull", False),
                        ("pool__isnull", False),
                        ("resource__isnull", False),
                    ),
                    models.Q(
                        ("link__isnull", False),
                        ("member", None),
                        ("pool", None),
                        ("reading", None),
                        ("resource", None),
                    ),
                    _connector="OR",
                ),
                name="metering_dispute_is_about_use_or_link",
            ),
        ),
        migrations.AddConstraint(
            model_name="dispute",
            constraint=models.UniqueConstraint(
                condition=models.Q(("answered_at", None), ("link__isnull", False)),
                fields=("link",),
                name="metering_dispute_one_open_per_link",
            ),
        ),
        migrations.AddField(
            model_name="storagechallenge",
            name="assignment",
            field=models.ForeignKey(
                on_delete=PROTECT, related_name="challenges", to="metering.meterassignment"
            ),
        ),
        migrations.AddField(
            model_name="storagechallenge",
            name="uploaded_by",
            field=models.ForeignKey(
                null=True, on_delete=PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddConstraint(
            model_name="countersigning",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("until", None), ("until__gte", models.F("since")), _connector="OR"
                ),
                name="metering_countersigning_until_after_since",
            ),
        ),
        migrations.AddIndex(
            model_name="deliverynote",
            index=models.Index(
                condition=models.Q(("state", "open")),
                fields=["due"],
                name="metering_deliverynote_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="deliverynote",
            constraint=models.UniqueConstraint(
                fields=("assignment", "day", "number"), name="metering_deliverynote_once_each"
            ),
        ),
        migrations.AddConstraint(
            model_name="deliverynote",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("answered_at", None), ("state", "open")),
                    models.Q(
                        models.Q(("state", "open"), _negated=True), ("answered_at__isnull", False)
                    ),
                    _connector="OR",
                ),
                name="metering_deliverynote_answered",
            ),
        ),
        migrations.AddConstraint(
            model_name="deliverynote",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("dispute__isnull", False), ("state", "refused")),
                    models.Q(models.Q(("state", "refused"), _negated=True), ("dispute", None)),
                    _connector="OR",
                ),
                name="metering_deliverynote_refusal_is_dispute",
            ),
        ),
        migrations.AddConstraint(
            model_name="disputeenvelope",
            constraint=models.UniqueConstraint(
                fields=("dispute", "envelope"), name="metering_disputeenvelope_once_each"
            ),
        ),
        migrations.AddConstraint(
            model_name="linkcorrection",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount", 0), _negated=True),
                name="metering_linkcorrection_not_zero",
            ),
        ),
        migrations.AddConstraint(
            model_name="linkpair",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("until", None), ("until__gte", models.F("since")), _connector="OR"
                ),
                name="metering_linkpair_until_after_since",
            ),
        ),
        migrations.AddConstraint(
            model_name="linkpair",
            constraint=models.CheckConstraint(
                condition=models.Q(("a_overhead__lte", 200), ("b_overhead__lte", 200)),
                name="metering_linkpair_overhead_bounded",
            ),
        ),
        migrations.AddIndex(
            model_name="linkhour",
            index=models.Index(
                condition=models.Q(("unsettled", True)),
                fields=["pair", "hour"],
                name="metering_linkhour_unsettled",
            ),
        ),
        migrations.AddIndex(
            model_name="linkhour",
            index=models.Index(
                condition=models.Q(("outcome__in", ["missing", "excess"])),
                fields=["pair", "hour"],
                name="metering_linkhour_mismatch",
            ),
        ),
        migrations.AddConstraint(
            model_name="linkhour",
            constraint=models.UniqueConstraint(
                fields=("pair", "way", "hour"), name="metering_linkhour_once_each"
            ),
        ),
        migrations.AddIndex(
            model_name="storagechallenge",
            index=models.Index(
                condition=models.Q(("state", "issued")),
                fields=["until"],
                name="metering_challenge_issued",
            ),
        ),
        migrations.AddConstraint(
            model_name="storagechallenge",
            constraint=models.UniqueConstraint(
                fields=("assignment", "nonce", "offset", "name"),
                name="metering_storagechallenge_once_each",
            ),
        ),
        migrations.AddConstraint(
            model_name="storagechallenge",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("length__gte", 1024), ("length__lte", 1048576), ("offset__gte", 0)
                ),
                name="metering_storagechallenge_block",
            ),
        ),
        migrations.AddConstraint(
            model_name="storagechallenge",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "failed"), ("why__in", ["wrong", "late", "none"])),
                    models.Q(models.Q(("state", "failed"), _negated=True), ("why", "")),
                    _connector="OR",
                ),
                name="metering_storagechallenge_why",
            ),
        ),
        migrations.AddConstraint(
            model_name="storagechallenge",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("issued_at", None), ("state", "waiting"), ("until", None)),
                    models.Q(
                        models.Q(("state", "waiting"), _negated=True),
                        ("issued_at__isnull", False),
                        ("until__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="metering_storagechallenge_issued",
            ),
        ),
        migrations.RunSQL(RULES, UNDO),
    ]
