"""The payment services that the settings name."""

from functools import cache

from django.conf import settings
from django.utils.module_loading import import_string

from payments.providers.base import Provider


@cache
def providers() -> dict[str, Provider]:
    """Every service of the setting COOP_PROVIDERS (dotted paths of classes), by its name."""
    made: list[Provider] = [import_string(path)() for path in settings.COOP_PROVIDERS]
    return {provider.name: provider for provider in made}


def open_providers() -> list[Provider]:
    """Those that members can pay with now."""
    return [provider for provider in providers().values() if provider.is_open()]


def provider_named(name: str) -> Provider | None:
    """The open service with this name, or None."""
    found = providers().get(name)
    return found if found is not None and found.is_open() else None
