"""The Celery application: a message is only a hint, the work stands in PostgreSQL."""

import os

from celery import Celery
from celery.schedules import crontab

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "coop.settings")

app = Celery("coop")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.conf.beat_schedule = {
    "rate-waiting-evidence": {"task": "metering.tasks.rate_waiting", "schedule": 5},
    "check-both-sides": {"task": "metering.tasks.check_both_sides", "schedule": 60},
    "see-how-nodes-stand": {"task": "metering.tasks.sweep_states", "schedule": 60},
    "seal-the-books": {"task": "ledger.tasks.seal", "schedule": 3},
    "let-reservations-go": {"task": "titles.tasks.sweep_moves", "schedule": 60},
    "send-letters": {"task": "payments.tasks.send_mails", "schedule": 60},
    "remind-who-is-late": {
        "task": "payments.tasks.remind",
        "schedule": crontab(hour=4, minute=7),
    },
    "mail-statements": {"task": "coop.tasks.mail_statements", "schedule": 600},
    "see-who-goes": {"task": "titles.tasks.sweep_exits", "schedule": crontab(minute=23)},
    "return-loans": {"task": "tokens.tasks.return_loans", "schedule": 30},
    "carry-closes-on": {"task": "tokens.tasks.carry_closes_on", "schedule": 5},
    "look-at-bank-lines": {"task": "bank.tasks.look", "schedule": 5},
    "clear-auctions": {"task": "tokens.tasks.clear_auctions", "schedule": 5},
    "settle-from-prepaid": {"task": "titles.tasks.settle_from_prepaid", "schedule": 600},
    "carry-votes-on": {"task": "governance.tasks.advance", "schedule": 5},
    "play-simulations": {"task": "coop.tasks.play_simulations", "schedule": 5},
    "forget-simulations": {
        "task": "coop.tasks.forget_simulations",
        "schedule": crontab(hour=4, minute=11),
    },
    "forget-contact-data": {
        "task": "members.tasks.forget_contacts",
        "schedule": crontab(hour=4, minute=5),
    },
    "keep-months-of-readings": {
        "task": "metering.tasks.keep_months",
        "schedule": crontab(hour=3, minute=23),
    },
    "keep-partitions-ahead": {
        "task": "ledger.tasks.keep_partitions_ahead",
        "schedule": crontab(hour=3, minute=17),
    },
}
