"""`python -m benchmarks.hordak_accounts N`: django-hordak's tables and so many accounts."""

import sys


def main() -> None:
    """Migrate and open."""
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    from hordak.models import Account

    for number in range(int(sys.argv[1])):
        Account.objects.create(name=f"member {number}", type="LI", currencies=["EUR"])


if __name__ == "__main__":
    main()
