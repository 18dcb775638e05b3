"""`python -m coop_verify`."""

import sys

from coop_verify.cli import main

sys.exit(main())
