"""Settings of the site, read from the environment; every default suits one machine."""

import os
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from django.utils.translation import gettext_lazy as _

from coop.local import embedded_services
from coop.local.secret import secret_of_this_machine

BASE_DIR = Path(__file__).resolve().parent.parent
COOP_DATA_DIR = Path(os.environ.get("COOP_DATA_DIR") or BASE_DIR / ".local").absolute()

# A public site is told its secret and speaks TLS only; tracebacks are shown on purpose only.
COOP_PUBLIC = os.environ.get("COOP_PUBLIC", "0") == "1"
DEBUG = os.environ.get("COOP_DEBUG", "0") == "1" and not COOP_PUBLIC
SECRET_KEY = os.environ.get("COOP_SECRET_KEY") or secret_of_this_machine(
    COOP_DATA_DIR, may_make=not COOP_PUBLIC
)
ALLOWED_HOSTS = os.environ.get("COOP_HOSTS", "localhost,127.0.0.1,[::1],testserver").split(",")
CSRF_TRUSTED_ORIGINS = [o for o in os.environ.get("COOP_ORIGINS", "").split(",") if o]
# Where the links in mails lead.
COOP_ADDRESS = (
    os.environ.get("COOP_ADDRESS")
    or next(iter(CSRF_TRUSTED_ORIGINS), "")
    or f"{'https' if COOP_PUBLIC else 'http'}://{ALLOWED_HOSTS[0]}"
).rstrip("/")

INSTALLED_APPS = [
    "coop",
    "governance",
    "metering",
    "tokens",
    "bank",
    "titles",
    "assets",
    "payments",
    "members",
    "policies",
    "ledger",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "rest_framework",
    "drf_spectacular",
    "django_htmx",
    "allauth",
    "allauth.account",
]

MIDDLEWARE = [
    "coop.middleware.RequestId",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "ledger.log.serving.LogFiles",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "coop.middleware.ReaderLanguage",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "coop.errors.WordsForNotAllowed",
    "coop.errors.WordsForBrokenText",
]

ROOT_URLCONF = "coop.urls"
WSGI_APPLICATION = "coop.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "coop.context.site",
            ],
        },
    }
]


def database_from(url: str) -> dict[str, object]:
    """The Django database entry for postgresql://user:password@host:port/name?options."""
    parts = urlsplit(url)
    query = {k: v[-1] for k, v in parse_qs(parts.query).items()}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")) or "coop",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.pop("host", "") or unquote(parts.hostname or ""),
        "PORT": str(parts.port or query.pop("port", "")),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"options": "-c lock_timeout=10s -c timezone=UTC", **query},
        "TEST": {"NAME": os.environ.get("COOP_TEST_DB", "test_coop")},
    }


EMBEDDED = embedded_services()
DATABASES = {
    "default": database_from(os.environ.get("DATABASE_URL") or EMBEDDED.postgres.url),
}

AUTH_USER_MODEL = "members.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = os.environ.get("COOP_EMAIL_VERIFICATION", "optional")
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_ADAPTER = "coop.accounts.AccountAdapter"
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/overview/"
LOGOUT_REDIRECT_URL = "/"
EMAIL_BACKEND = os.environ.get(
    "COOP_EMAIL_BACKEND", "django.core.mail.backends.console.EmailBackend"
)
DEFAULT_FROM_EMAIL = os.environ.get("COOP_FROM", "cooperative@localhost")

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("de", _("German"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = os.environ.get("COOP_TIMEZONE", "Europe/Madrid")
# How many requests a minute one node may send, and how many proxies of ours stand before the site
COOP_NODE_REQUESTS = int(os.environ.get("COOP_NODE_REQUESTS", "60"))
COOP_PROXIES = int(os.environ.get("COOP_PROXIES", "0"))
# How often nodes sample, record and seal, in seconds; a node's own command line wins.
COOP_AGENT_SECONDS = [int(s) for s in os.environ.get("COOP_AGENT_SECONDS", "60,300,900").split(",")]
# The name under which the log of the books is signed, for ever: the first head decides.
COOP_LOG_ORIGIN = os.environ.get("COOP_LOG_ORIGIN") or f"{ALLOWED_HOSTS[0]}/log"
# A folder that every sealing brings up to date with the log as files, for a web server or a mirror.
COOP_LOG_DIR = os.environ.get("COOP_LOG_DIR", "")
# Under this identifier (SEPA) the cooperative collects by direct debit; "" where it does not.
COOP_CREDITOR_ID = os.environ.get("COOP_CREDITOR_ID", "")
COOP_CURRENCY = os.environ.get("COOP_CURRENCY", "EUR")
# Payment services, as dotted paths of classes (docs/bank.md); the demo works in a demo only.
COOP_PROVIDERS = os.environ.get("COOP_PROVIDERS", "payments.providers.demo.Demo").split(",")

CSRF_FAILURE_VIEW = "coop.errors.forged"

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = COOP_DATA_DIR / "static"
WHITENOISE_USE_FINDERS = not COOP_PUBLIC
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if COOP_PUBLIC
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

REST_FRAMEWORK = {
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "coop.problems.problem_response",
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Network cooperative",
    "DESCRIPTION": "Read and do what the pages show and do; node agents post usage here.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "ENUM_NAME_OVERRIDES": {
        "AssetState": "assets.models.Asset.State",
        "BankLineState": "bank.models.Line.State",
        "ChargeState": "payments.models.Charge.State",
        "CloseRunState": "tokens.models.CloseRun.State",
        "CloseStepName": "tokens.services.close.STEPS",
        "MemberReason": "members.models.MemberEvent.Reason",
        "PayoutKind": "payments.models.Payout.Kind",
        "RedemptionKind": "titles.models.RedemptionRequest.Kind",
        "TransferKind": "titles.models.Transfer.Kind",
        "TransferState": "titles.models.Transfer.State",
        "PayoutState": "payments.models.Payout.State",
        "PeriodState": "tokens.models.Period.State",
        "SimulationState": "coop.models.SimulationRun.State",
        "MemberState": "members.models.Member.State",
        "SubscriptionState": "titles.models.Subscription.State",
        "TitleState": "titles.models.Title.State",
    },
}

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'self'"],
        "form-action": ["'self'"],
        "object-src": ["'none'"],
    }
}
SECURE_CONTENT_TYPE_NOSNIFF = True
if COOP_PUBLIC:
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SECURE_SSL_REDIRECT = os.environ.get("COOP_TLS_REDIRECT", "1") == "1"
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"brief": {"()": "coop.logs.NoTracebackBelowError"}},
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {
        "log": {"class": "logging.StreamHandler", "filters": ["brief"], "formatter": "line"}
    },
    "loggers": {"django": {"handlers": ["log"], "level": "INFO"}},
}

REDIS_URL = os.environ.get("REDIS_URL") or EMBEDDED.redis.url
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TIMEZONE = "UTC"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# Without a broker a hint is given up at once: the sweep finds what waits.
CELERY_BROKER_TRANSPORT_OPTIONS = {"max_retries": 1, "interval_start": 0, "interval_max": 0}
