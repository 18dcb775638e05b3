"""What is written in millions is checked a statement at a time, and indexed once.

Usage and settlements refer to books and ratings, which can never be removed; so one look at each
statement does what a foreign key does row by row. Indexes go that the beginning of another one
covers, or that nothing asks for.
"""

from typing import ClassVar

from django.conf import settings
from django.db import migrations, models
from django.db.models.deletion import PROTECT

KNOWN = """
CREATE FUNCTION tokens_check_usage() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM added a WHERE NOT EXISTS (SELECT FROM tokens_book WHERE id = a.book_id))
       OR EXISTS (SELECT FROM (SELECT DISTINCT rating_id FROM added) AS a WHERE NOT EXISTS (
           SELECT FROM tokens_ratingrun WHERE id = a.rating_id)) THEN
        RAISE EXCEPTION 'usage of no book, or of no rating'
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'tokens_usage_known';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER tokens_usage_known AFTER INSERT ON tokens_usage
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION tokens_check_usage();
CREATE FUNCTION tokens_check_settlement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM added a WHERE NOT EXISTS (
        SELECT FROM tokens_book WHERE id = a.book_id)) THEN
        RAISE EXCEPTION 'a settlement of no book'
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'tokens_settlement_known';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER tokens_settlement_known AFTER INSERT ON tokens_settlement
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION tokens_check_settlement();
CREATE TRIGGER tokens_book_not_removed BEFORE DELETE OR TRUNCATE ON tokens_book
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER tokens_ratingrun_not_removed BEFORE DELETE OR TRUNCATE ON tokens_ratingrun
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
ALTER TABLE tokens_book SET (fillfactor = 70);
DROP INDEX IF EXISTS tokens_usage_key_9e6689f6_like;
"""
UNDO = """
ALTER TABLE tokens_book RESET (fillfactor);
DROP TRIGGER tokens_ratingrun_not_removed ON tokens_ratingrun;
DROP TRIGGER tokens_book_not_removed ON tokens_book;
DROP FUNCTION tokens_check_settlement CASCADE;
DROP FUNCTION tokens_check_usage CASCADE;
"""


class Migration(migrations.Migration):
    """Takes keys and indexes away, and puts the statements' checks in their place."""

    dependencies: ClassVar = [
        ("tokens", "0007_loans"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations: ClassVar = [
        migrations.AlterField(
            "usage",
            "book",
            models.ForeignKey(
                "tokens.book", PROTECT, related_name="usages", db_index=False, db_constraint=False
            ),
        ),
        migrations.AlterField(
            "usage",
            "rating",
            models.ForeignKey(
                "tokens.ratingrun", PROTECT, related_name="usages", db_constraint=False
            ),
        ),
        migrations.AlterField(
            "usage",
            "actor",
            models.ForeignKey(
                settings.AUTH_USER_MODEL, PROTECT, null=True, related_name="+", db_index=False
            ),
        ),
        migrations.AlterField(
            "settlement",
            "book",
            models.OneToOneField(
                "tokens.book", PROTECT, related_name="settlement", db_constraint=False
            ),
        ),
        migrations.AlterField(
            "book",
            "yields",
            models.ForeignKey("tokens.yield", PROTECT, related_name="books", db_index=False),
        ),
        migrations.AlterField(
            "book",
            "member",
            models.ForeignKey("members.member", PROTECT, related_name="books", db_index=False),
        ),
        migrations.RunSQL(KNOWN, reverse_sql=UNDO),
    ]
