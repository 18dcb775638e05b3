"""What a member signed with a key of their own, beside the ballot that the site signs."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("governance", "0002_rules"), ("members", "0004_identity")]
    operations = [
        migrations.AddField(
            model_name="ballot",
            name="own_envelope",
            field=models.BinaryField(help_text="what the member signed, if they did", null=True),
        ),
    ]
