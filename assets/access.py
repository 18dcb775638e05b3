"""Who may see what of an asset: the one place for it."""

from typing import Any

from django.http import Http404
from django.shortcuts import get_object_or_404

from assets.models import Asset, AssetCustody, AssetFile
from assets.register import register
from members.models import Member
from members.queries import is_steward


def asset_or_404(asset_id: int) -> Asset:
    """Any asset: that it is there is open to everybody."""
    return get_object_or_404(register(), pk=asset_id)


def file_or_404(user: Any, file_id: int) -> AssetFile:
    """A public file, or any for a steward; the others are not there for the rest."""
    file = get_object_or_404(AssetFile, pk=file_id)
    if not file.public and not is_steward(user):
        raise Http404
    return file


def offer_or_404(member: Member, custody_id: int) -> AssetCustody:
    """An asset that this member was asked to keep."""
    rows = AssetCustody.objects.select_related("asset")
    return get_object_or_404(rows, pk=custody_id, member=member)
