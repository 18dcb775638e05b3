"""`python -m coop_trustee`."""

import sys

from coop_trustee.cli import main

sys.exit(main())
