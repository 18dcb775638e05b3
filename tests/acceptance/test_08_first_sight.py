"""8: a meter that is first seen at 5 TB has used nothing yet."""

from metering import services
from metering.models import Reading
from tests.metering.machine import TX, post
from tests.metering.world import Valley
from tokens.models import Usage

TERABYTE = 10**12


def test_08_the_first_sight_of_five_terabytes_rates_nothing(valley: Valley) -> None:
    valley.assign(valley.ben)
    machine = valley.machine
    machine.values[TX] = 5 * TERABYTE
    post(machine.batches(0))
    services.rate_waiting()
    first = Reading.objects.get()
    assert (first.rule, first.value, first.quantity) == ("baseline", 5 * TERABYTE, 0)
    assert not Usage.objects.exists()
    post(machine.batches(10**9))
    services.rate_waiting()
    assert list(Usage.objects.values_list("amount", flat=True)) == [1_000]


def test_08_a_first_record_that_claims_growth_rates_nothing_either(valley: Valley) -> None:
    """An agent that lies about where it began is believed from its second record on."""
    valley.assign(valley.ben)
    machine = valley.machine
    machine.values[TX] = 0
    post(machine.batches(5 * TERABYTE))
    services.rate_waiting()
    assert [(r.rule, r.quantity) for r in Reading.objects.all()] == [("baseline", 0)]
    assert not Usage.objects.exists()
