"""The site as a WSGI application."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "coop.settings")
application = get_wsgi_application()

# What is loaded by now stays: no collection walks through it again (decision 0029).
gc.collect()
gc.freeze()
gc.set_threshold(20_000, 20, 20)
