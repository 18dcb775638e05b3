"""Settings of a Django site with django-hordak and nothing else, as its documentation says."""

import os

from coop.settings import database_from

SECRET_KEY = "benchmark"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "mptt", "hordak"]
DATABASES = {"default": database_from(os.environ["HORDAK_URL"])}
HORDAK_DECIMAL_PLACES = 2
HORDAK_MAX_DIGITS = 13
