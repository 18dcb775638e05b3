"""What time brings by itself: reservations, offers and transfers end, what is free is offered."""

from django.db import transaction

from assets.queries import pools
from titles.services.locks import lock_pool
from titles.services.subscription import expire_reservations
from titles.services.transfer import expire_transfers
from titles.services.waiting import expire_offers, offer_free_units


def sweep_moves() -> int:
    """Let go of what is past its time in each pool, and serve the waiting lists; how much was done.

    Each pool in a transaction of its own. A second run at once finds nothing left to do.
    """
    return sum(_sweep(pool.pk) for pool in pools())


@transaction.atomic(durable=True)
def _sweep(pool_id: int) -> int:
    pool = lock_pool(pools().get(pk=pool_id))
    done = len(expire_reservations(pool=pool)) + len(expire_offers(pool=pool))
    return done + len(expire_transfers(pool=pool)) + len(offer_free_units(pool=pool))
