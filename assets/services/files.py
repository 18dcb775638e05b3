"""Photos, documents and bills of an asset: taken in, shown to the public, removed."""

import hashlib

from django.db import transaction
from django.db.models import ProtectedError

from assets.errors import FileInUse, FileTooLarge, WrongFile
from assets.models import Asset, AssetFile
from assets.pictures import MAX_BYTES, MAX_PIXELS, NotAFile, TooLarge, read_upload
from members.models import User


def add_file(
    *,
    asset_id: int,
    kind: AssetFile.Kind,
    data: bytes,
    actor: User | None,
    title: str = "",
    public: bool = False,
) -> AssetFile:
    """Keep a file of an asset, judged by its bytes; the same bytes give the first result.

    Raises WrongFile, FileTooLarge. A photo that is no picture is a wrong file.
    """
    source = hashlib.sha256(data).hexdigest()
    earlier = AssetFile.objects.filter(asset_id=asset_id, source_sha256=source).first()
    if earlier is not None:
        return earlier
    try:
        upload = read_upload(data)
    except TooLarge as error:
        raise FileTooLarge(megabytes=MAX_BYTES // 2**20, megapixels=MAX_PIXELS // 10**6) from error
    except NotAFile as error:
        raise WrongFile from error
    if kind == AssetFile.Kind.PHOTO and upload.width is None:
        raise WrongFile
    with transaction.atomic():
        asset = Asset.objects.select_for_update(no_key=True).get(pk=asset_id)
        row, _made = AssetFile.objects.get_or_create(
            asset=asset,
            source_sha256=source,
            defaults={
                "kind": kind,
                "title": title,
                "content_type": upload.content_type,
                "size": len(upload.content),
                "width": upload.width,
                "height": upload.height,
                "sha256": hashlib.sha256(upload.content).hexdigest(),
                "content": upload.content,
                "thumbnail": upload.thumbnail,
                "public": public,
                "added_by": actor,
            },
        )
    return row


def show_file(*, file_id: int, public: bool, actor: User | None) -> None:
    """Let everybody see a file, or only stewards."""
    AssetFile.objects.filter(pk=file_id).update(public=public)


def remove_file(*, file_id: int, actor: User | None) -> None:
    """Remove a file for good: a picture of somebody, a paper sent by mistake. Raises FileInUse."""
    try:
        with transaction.atomic():
            AssetFile.objects.filter(pk=file_id).delete()
    except ProtectedError as error:
        raise FileInUse from error
