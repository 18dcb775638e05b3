"""Read meters where this process runs, such as in a network namespace: `python -m … SPEC …`.

One JSON list a reading, in the order of its fields; a failure ends it with the driver's words.
"""

import json
import sys

from coop_agent.clock import boot_id
from coop_agent.drivers.choose import Guarded, driver

for spec in sys.argv[1:]:
    source = Guarded(driver(spec))
    for r in source.read(boot_id()):
        if source.measures(r.meter):
            row = (r.meter, r.kind, r.unit, r.value, r.inc, r.order, r.bits, r.cap, r.lasting)
            print(json.dumps(row))
