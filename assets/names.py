"""What resources and kinds of assets are called in the reader's language."""

from typing import Any

from django.utils.translation import gettext as _


def resource_name(resource: Any) -> str:
    """The name of a resource, given as a row or by its code; a name of the town's own as it is."""
    code = str(getattr(resource, "code", resource))
    named = {"bandwidth": _("Bandwidth"), "storage": _("Storage"), "cpu": _("CPU")}
    return named.get(code) or str(getattr(resource, "name", resource))


def asset_kind(kind: str) -> str:
    """The kind of an asset; a word of the town's own as it is."""
    named = {
        "mast": _("mast"),
        "fibre": _("fibre"),
        "router": _("router"),
        "server": _("server"),
        "disk shelf": _("disk shelf"),
    }
    return named.get(kind, kind)
