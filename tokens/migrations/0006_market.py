"""Auctions that collect before their period; asks and bids of members, with what became of them."""

from typing import ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

FILL = """
UPDATE tokens_ask a SET member_id = b.member_id FROM tokens_book b WHERE b.id = a.book_id;
UPDATE tokens_bid d SET member_id = b.member_id FROM tokens_book b WHERE b.id = d.book_id;
UPDATE tokens_auction x SET
    pool_id = y.pool_id, resource_id = y.resource_id,
    called_at = coalesce(x.cleared_at, now()),
    volume = s.volume, average = ledger_rhe(s.value, s.volume::numeric)
FROM tokens_yield y, tokens_auction z CROSS JOIN LATERAL (
    SELECT coalesce(sum(bought), 0)::bigint AS volume, sum(price::numeric * bought) AS value
    FROM tokens_bid d WHERE d.auction_id = z.id) s
WHERE y.id = x.yields_id AND z.id = x.id AND s.volume > 0;
UPDATE tokens_auction x SET pool_id = y.pool_id, resource_id = y.resource_id,
    called_at = coalesce(x.cleared_at, now())
FROM tokens_yield y WHERE y.id = x.yields_id AND x.pool_id IS NULL;
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
"""
RULES = """
CREATE FUNCTION tokens_auction_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'collecting' THEN
        RAISE EXCEPTION 'an auction that is over stays as it is'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER tokens_auction_final BEFORE UPDATE OR DELETE ON tokens_auction
    FOR EACH ROW EXECUTE FUNCTION tokens_auction_is_final();
CREATE FUNCTION tokens_order_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM tokens_auction WHERE id = OLD.auction_id AND state <> 'collecting';
    IF FOUND THEN
        RAISE EXCEPTION 'what an auction came to stays as it is'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER tokens_ask_final BEFORE UPDATE OR DELETE ON tokens_ask
    FOR EACH ROW EXECUTE FUNCTION tokens_order_is_final();
CREATE TRIGGER tokens_bid_final BEFORE UPDATE OR DELETE ON tokens_bid
    FOR EACH ROW EXECUTE FUNCTION tokens_order_is_final();
CREATE FUNCTION tokens_one_side_only() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    found_other boolean;
BEGIN
    PERFORM FROM tokens_auction WHERE id = NEW.auction_id FOR UPDATE;
    EXECUTE format(
        'SELECT EXISTS (SELECT FROM %I WHERE auction_id = $1 AND withdrawn_at IS NULL'
        ' AND member_id IN (SELECT titles_linked($2)))', TG_ARGV[0])
        INTO found_other USING NEW.auction_id, NEW.member_id;
    IF found_other THEN
        RAISE EXCEPTION 'nobody is on both sides of an auction, nor with who is linked to them'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER tokens_ask_one_side BEFORE INSERT ON tokens_ask
    FOR EACH ROW EXECUTE FUNCTION tokens_one_side_only('tokens_bid');
CREATE TRIGGER tokens_bid_one_side BEFORE INSERT ON tokens_bid
    FOR EACH ROW EXECUTE FUNCTION tokens_one_side_only('tokens_ask');
"""
UNDO = """
DROP FUNCTION tokens_one_side_only CASCADE;
DROP FUNCTION tokens_order_is_final CASCADE;
DROP FUNCTION tokens_auction_is_final CASCADE;
"""
LEFT_OUT = [
    ("tokens", "fewer own tokens were unused by then"),
    ("price", "below the posted price"),
    ("credit", "no longer covered by the credit limit"),
    ("linked", "a linked account was on the other side first"),
    ("member", "the membership did not allow it any more"),
]
PROTECT = django.db.models.deletion.PROTECT


def reference(to, name, null=False):
    return models.ForeignKey(null=null, on_delete=PROTECT, related_name=name, to=to)


class Migration(migrations.Migration):
    """Adds the columns, fills them from the books, and puts the rules in place."""

    dependencies: ClassVar = [
        ("assets", "0003_money"),
        ("members", "0004_identity"),
        ("titles", "0005_moves"),
        ("tokens", "0005_rating"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations: ClassVar[list] = [
        migrations.AddField(
            "yield",
            "offers_unsold",
            models.BigIntegerField(help_text="of what members offered", null=True),
        ),
        migrations.AddField(
            "yield",
            "price_rule",
            models.CharField(default="stewards", help_text="what made P", max_length=16),
        ),
        migrations.AddField("auction", "pool", reference("assets.pool", "auctions", null=True)),
        migrations.AddField(
            "auction", "resource", reference("assets.resource", "auctions", null=True)
        ),
        migrations.AddField("auction", "called_at", models.DateTimeField(null=True)),
        migrations.AddField(
            "auction", "called_by", reference(settings.AUTH_USER_MODEL, "+", null=True)
        ),
        migrations.AddField("auction", "closes_at", models.DateTimeField(null=True)),
        migrations.AddField(
            "auction",
            "volume",
            models.BigIntegerField(default=0, help_text="millitokens sold, the pool's included"),
        ),
        migrations.AddField(
            "auction",
            "average",
            models.BigIntegerField(help_text="micro-cents per token, by volume", null=True),
        ),
        migrations.AddField(
            "auction",
            "early_reason",
            models.CharField(blank=True, default="", max_length=200),
        ),
        migrations.AddField("ask", "member", reference("members.member", "asks", null=True)),
        migrations.AddField("ask", "withdrawn_at", models.DateTimeField(null=True)),
        migrations.AddField(
            "ask",
            "left_out",
            models.CharField(blank=True, choices=LEFT_OUT, default="", max_length=8),
        ),
        migrations.AddField("bid", "member", reference("members.member", "bids", null=True)),
        migrations.AddField("bid", "withdrawn_at", models.DateTimeField(null=True)),
        migrations.AddField(
            "bid",
            "left_out",
            models.CharField(blank=True, choices=LEFT_OUT, default="", max_length=8),
        ),
        migrations.RunSQL(FILL, reverse_sql=migrations.RunSQL.noop),
        migrations.AlterField("ask", "member", reference("members.member", "asks")),
        migrations.AlterField("bid", "member", reference("members.member", "bids")),
        migrations.AlterField("auction", "pool", reference("assets.pool", "auctions")),
        migrations.AlterField("auction", "resource", reference("assets.resource", "auctions")),
        migrations.AlterField("auction", "called_at", models.DateTimeField(auto_now_add=True)),
        migrations.AlterField(
            "auction", "early_reason", models.CharField(blank=True, max_length=200)
        ),
        migrations.AlterField(
            "ask", "left_out", models.CharField(blank=True, choices=LEFT_OUT, max_length=8)
        ),
        migrations.AlterField(
            "bid", "left_out", models.CharField(blank=True, choices=LEFT_OUT, max_length=8)
        ),
        migrations.AlterField("ask", "book", reference("tokens.book", "asks", null=True)),
        migrations.AlterField("bid", "book", reference("tokens.book", "bids", null=True)),
        migrations.AlterField(
            "auction", "yields", reference("tokens.yield", "auctions", null=True)
        ),
        migrations.AlterField(
            "auction",
            "state",
            models.CharField(
                choices=[
                    ("collecting", "collecting"),
                    ("cleared", "cleared"),
                    ("lapsed", "ended without a sale"),
                ],
                default="collecting",
                max_length=10,
            ),
        ),
        migrations.AddIndex(
            "auction", models.Index(fields=["state", "closes_at"], name="tokens_auction_due")
        ),
        migrations.AddConstraint(
            "auction",
            models.CheckConstraint(
                condition=models.Q(
                    ("pool_sold__gte", 0),
                    ("pool_tokens__gte", 0),
                    ("volume__gte", models.F("pool_sold")),
                ),
                name="tokens_auction_amounts",
            ),
        ),
        migrations.AddConstraint(
            "auction",
            models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "cleared"), _negated=True),
                    ("yields__isnull", False),
                    _connector="OR",
                ),
                name="tokens_auction_cleared_in_a_period",
            ),
        ),
        migrations.AddConstraint(
            "auction",
            models.UniqueConstraint(
                condition=models.Q(("state", "collecting"), ("yields__isnull", True)),
                fields=("pool", "resource"),
                name="tokens_auction_one_before_the_period",
            ),
        ),
        migrations.AddConstraint(
            "ask",
            models.CheckConstraint(
                condition=models.Q(
                    ("sold", 0),
                    models.Q(("book__isnull", False), ("withdrawn_at", None)),
                    _connector="OR",
                ),
                name="tokens_ask_sold_from_a_book",
            ),
        ),
        migrations.AddConstraint(
            "bid",
            models.CheckConstraint(
                condition=models.Q(
                    ("bought", 0),
                    models.Q(("book__isnull", False), ("withdrawn_at", None)),
                    _connector="OR",
                ),
                name="tokens_bid_bought_into_a_book",
            ),
        ),
        migrations.RunSQL(RULES, reverse_sql=UNDO),
    ]
