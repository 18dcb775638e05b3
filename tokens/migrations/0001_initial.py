import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import tokens.models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("assets", "0001_initial"),
        ("members", "0001_initial"),
        ("payments", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Book",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("issued", models.BigIntegerField(default=0)),
                ("own_account", models.BigIntegerField(unique=True)),
                ("received_account", models.BigIntegerField(unique=True)),
                ("redeemed_account", models.BigIntegerField(unique=True)),
                ("overage_account", models.BigIntegerField(unique=True)),
                (
                    "member",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="books",
                        to="members.member",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Period",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(help_text="e.g. 2026-06", max_length=10, unique=True)),
                ("start", models.DateTimeField()),
                ("end", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "open"),
                            ("closing", "being closed"),
                            ("closed", "closed"),
                        ],
                        default="open",
                        max_length=8,
                    ),
                ),
                ("opened_at", models.DateTimeField(auto_now_add=True)),
                ("closed_at", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ["start"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("end__gt", models.F("start"))),
                        name="tokens_period_not_empty",
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            (
                                tokens.models.TsTzRange(
                                    "start",
                                    "end",
                                    django.contrib.postgres.fields.ranges.RangeBoundary(),
                                ),
                                "&&",
                            )
                        ],
                        name="tokens_period_no_overlap",
                    ),
                    models.UniqueConstraint(
                        models.Value(1),
                        condition=models.Q(("state", "closed"), _negated=True),
                        name="tokens_period_one_at_a_time",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Settlement",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("used", models.BigIntegerField()),
                ("redeemed", models.BigIntegerField()),
                ("overage", models.BigIntegerField()),
                ("matched", models.BigIntegerField(help_text="own tokens sold at the close")),
                ("sold", models.BigIntegerField()),
                ("expired", models.BigIntegerField()),
                ("own_cost", models.BigIntegerField()),
                ("cost_part", models.BigIntegerField()),
                ("profit", models.BigIntegerField()),
                (
                    "book",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="settlement",
                        to="tokens.book",
                    ),
                ),
                (
                    "charge",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="settlements",
                        to="payments.charge",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Yield",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "commodity_id",
                    models.IntegerField(help_text="the tokens in the ledger", unique=True),
                ),
                ("issue_account", models.BigIntegerField()),
                ("unbacked_account", models.BigIntegerField()),
                ("pool_account", models.BigIntegerField()),
                ("expired_account", models.BigIntegerField()),
                ("capacity", models.BigIntegerField()),
                ("normal", models.BigIntegerField()),
                ("issued", models.BigIntegerField()),
                ("pool_issued", models.BigIntegerField()),
                ("basis", models.BigIntegerField()),
                (
                    "cost",
                    models.BigIntegerField(help_text="the budget's cost, before what is carried"),
                ),
                (
                    "carried",
                    models.BigIntegerField(
                        help_text="over-recovered before this period; may be negative"
                    ),
                ),
                ("budget", models.BigIntegerField()),
                ("unit_cost", models.BigIntegerField(help_text="u")),
                ("sale_cost", models.BigIntegerField(help_text="v")),
                ("price", models.BigIntegerField(help_text="P")),
                ("price_source", models.CharField(blank=True, max_length=120)),
                (
                    "owned",
                    models.BooleanField(help_text="whether the pool had any units at the issue"),
                ),
                ("actual", models.BigIntegerField(null=True)),
                ("settled_rate", models.BigIntegerField(help_text="s", null=True)),
                ("settled_cost", models.BigIntegerField(help_text="w", null=True)),
                ("matched", models.BigIntegerField(null=True)),
                ("unbacked", models.BigIntegerField(null=True)),
                (
                    "pool_sold",
                    models.BigIntegerField(help_text="by auction and matched at close", null=True),
                ),
                ("to_reserve", models.BigIntegerField(null=True)),
                ("vacancy", models.BigIntegerField(null=True)),
                ("carried_next", models.BigIntegerField(null=True)),
                (
                    "period",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="yields",
                        to="tokens.period",
                    ),
                ),
                (
                    "pool",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="yields",
                        to="assets.pool",
                    ),
                ),
                (
                    "resource",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="yields",
                        to="assets.resource",
                    ),
                ),
            ],
            options={
                "ordering": ["period", "pool", "resource"],
            },
        ),
        migrations.CreateModel(
            name="RatingRun",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(auto_now_add=True)),
                ("txn_id", models.BigIntegerField(null=True)),
                (
                    "yields",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="ratings",
                        to="tokens.yield",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="book",
            name="yields",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="books", to="tokens.yield"
            ),
        ),
        migrations.CreateModel(
            name="Auction",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=80, unique=True)),
                (
                    "state",
                    models.CharField(
                        choices=[("collecting", "collecting"), ("cleared", "cleared")],
                        default="collecting",
                        max_length=10,
                    ),
                ),
                (
                    "pool_tokens",
                    models.BigIntegerField(default=0, help_text="what the pool itself asks"),
                ),
                ("pool_sold", models.BigIntegerField(default=0)),
                ("cleared_at", models.DateTimeField(null=True)),
                ("txn_id", models.BigIntegerField(null=True)),
                (
                    "yields",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="auctions",
                        to="tokens.yield",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Bid",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("price", models.BigIntegerField(help_text="micro-cents per token")),
                ("amount", models.BigIntegerField()),
                ("bought", models.BigIntegerField(default=0)),
                ("key", models.CharField(max_length=80, null=True, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "auction",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="bids",
                        to="tokens.auction",
                    ),
                ),
                (
                    "book",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="bids",
                        to="tokens.book",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("amount__gt", 0),
                            ("bought__gte", 0),
                            ("bought__lte", models.F("amount")),
                        ),
                        name="tokens_bid_bought_within_amount",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Ask",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("amount", models.BigIntegerField()),
                ("sold", models.BigIntegerField(default=0)),
                ("key", models.CharField(max_length=80, null=True, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "auction",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="asks",
                        to="tokens.auction",
                    ),
                ),
                (
                    "book",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="asks",
                        to="tokens.book",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("amount__gt", 0), ("sold__gte", 0), ("sold__lte", models.F("amount"))
                        ),
                        name="tokens_ask_sold_within_amount",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Gift",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("amount", models.BigIntegerField(help_text="millitokens")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("offered", "waiting for acceptance"),
                            ("accepted", "accepted"),
                            ("declined", "declined"),
                        ],
                        default="offered",
                        max_length=10,
                    ),
                ),
                ("key", models.CharField(max_length=80, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("txn_id", models.BigIntegerField(null=True)),
                (
                    "giver",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="gifts_given",
                        to="tokens.book",
                    ),
                ),
                (
                    "receiver",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="gifts_received",
                        to="tokens.book",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("amount__gt", 0)), name="tokens_gift_positive"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("giver", models.F("receiver")), _negated=True),
                        name="tokens_gift_not_to_oneself",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Offer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("amount", models.BigIntegerField(help_text="millitokens", null=True)),
                ("key", models.CharField(max_length=80, null=True, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("withdrawn_at", models.DateTimeField(null=True)),
                (
                    "member",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="offers",
                        to="members.member",
                    ),
                ),
                (
                    "pool",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="offers",
                        to="assets.pool",
                    ),
                ),
                (
                    "resource",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="offers",
                        to="assets.resource",
                    ),
                ),
                (
                    "period",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="offers",
                        to="tokens.period",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("amount", None), ("amount__gt", 0), _connector="OR"),
                        name="tokens_offer_positive",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CloseStep",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=12)),
                ("done_at", models.DateTimeField(auto_now_add=True)),
                ("summary", models.JSONField()),
                ("transactions", models.JSONField(help_text="ids of what it booked")),
                (
                    "actor",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "period",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="close_steps",
                        to="tokens.period",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("period", "name"), name="tokens_closestep_once_each"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Usage",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("amount", models.BigIntegerField(help_text="millitokens")),
                (
                    "kind",
                    models.CharField(
                        choices=[("reading", "metered"), ("correction", "correction")],
                        default="reading",
                        max_length=10,
                    ),
                ),
                ("key", models.CharField(max_length=120, unique=True)),
                ("used_at", models.DateTimeField()),
                ("recorded_at", models.DateTimeField(auto_now_add=True)),
                ("reason", models.CharField(blank=True, max_length=200)),
                (
                    "actor",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "book",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="usages",
                        to="tokens.book",
                    ),
                ),
                (
                    "rating",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="usages",
                        to="tokens.ratingrun",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["book", "used_at"], name="tokens_usag_book_id_f29617_idx")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind", "correction"), ("amount__gte", 0), _connector="OR"
                        ),
                        name="tokens_usage_only_corrections_take_back",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "correction"), _negated=True),
                            models.Q(("reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="tokens_usage_correction_has_reason",
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="yield",
            constraint=models.UniqueConstraint(
                fields=("period", "pool", "resource"), name="tokens_yield_once_each"
            ),
        ),
        migrations.AddConstraint(
            model_name="yield",
            constraint=models.CheckConstraint(
                condition=models.Q(("issued__gte", 0), ("issued__lte", models.F("capacity"))),
                name="tokens_yield_issued_within_capacity",
            ),
        ),
        migrations.AddConstraint(
            model_name="yield",
            constraint=models.CheckConstraint(
                condition=models.Q(("price__gte", models.F("sale_cost"))),
                name="tokens_yield_price_covers_cost",
            ),
        ),
        migrations.AddIndex(
            model_name="book",
            index=models.Index(fields=["member", "yields"], name="tokens_book_member__daa60e_idx"),
        ),
        migrations.AddConstraint(
            model_name="book",
            constraint=models.UniqueConstraint(
                fields=("yields", "member"), name="tokens_book_once_each"
            ),
        ),
    ]
