"""The site's part of the lot (R6), and the counter of sealed ballots."""

import django.db.models.deletion
from django.db import migrations, models

GUARD = """
CREATE TRIGGER governance_lot_stays BEFORE UPDATE OR DELETE OR TRUNCATE
  ON governance_lot FOR EACH STATEMENT EXECUTE FUNCTION governance_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("governance", "0009_offices")]
    operations = [
        migrations.CreateModel(
            name="Lot",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("commitment", models.CharField(max_length=64)),
                ("nonce", models.CharField(max_length=64)),
                ("at", models.DateTimeField(auto_now_add=True)),
                (
                    "proposal",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lot",
                        to="governance.proposal",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="ballot",
            name="counter",
            field=models.PositiveIntegerField(
                help_text="of a sealed ballot: the voter's highest counts", null=True
            ),
        ),
        migrations.RunSQL(GUARD, "DROP TRIGGER governance_lot_stays ON governance_lot;"),
    ]
