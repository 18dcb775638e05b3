"""`python -m coop_agent` is `coop-agent`."""

import sys

from coop_agent.cli import main

sys.exit(main())
