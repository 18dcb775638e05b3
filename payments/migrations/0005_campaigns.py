"""Charges that are paid ahead for something planned."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0004_payouts"),
    ]

    operations = [
        migrations.AlterField(
            model_name="charge",
            name="kind",
            field=models.CharField(
                choices=[
                    ("subscription", "shares"),
                    ("period", "use and cost of a period"),
                    ("prepaid", "prepaid balance"),
                    ("fee", "reminder fee"),
                    ("campaign", "paid ahead for something planned"),
                ],
                max_length=12,
            ),
        ),
    ]
