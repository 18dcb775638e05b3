"""The agent's own code as files, so that a machine needs nothing but this site to install it.

Both are made out of the folder that the site runs from, the same bytes each time for the same code.
"""

import gzip
import io
import tarfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

AGENT = Path(settings.BASE_DIR) / "agent"
LITE = AGENT / "lite"
OLDEST = (1980, 1, 1, 0, 0, 0)


@require_GET
def agent(request: HttpRequest) -> HttpResponse:
    """The Python agent: `pip install ADDRESS` takes it."""
    own = [AGENT / "pyproject.toml", AGENT / "README.md"]
    code = sorted((AGENT / "coop_agent").rglob("*.py"))
    typed = AGENT / "coop_agent" / "py.typed"
    files = [path for path in (*own, *code, typed) if path.is_file()]
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in require_some(files):
            entry = zipfile.ZipInfo(f"coop-agent/{path.relative_to(AGENT)}", OLDEST)
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, path.read_bytes())
    return attached(content.getvalue(), "coop-agent.zip", "application/zip")


@require_GET
def lite(request: HttpRequest) -> HttpResponse:
    """The shell agent for small routers, laid out from the root of their file system."""
    parts = sorted(path for path in (LITE / "lib").glob("*") if path.is_file())
    content = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=content, mode="wb", mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w") as archive,
    ):
        put(archive, LITE / "coop-lite", "usr/bin/coop-lite", 0o755)
        for path in require_some(parts):
            put(archive, path, f"usr/lib/coop-lite/{path.name}", 0o644)
    return attached(content.getvalue(), "coop-lite.tar.gz", "application/gzip")


def put(archive: tarfile.TarFile, path: Path, name: str, mode: int) -> None:
    """One file of the archive, as root's and of no date."""
    if not path.is_file():
        raise Http404
    content = path.read_bytes()
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), mode
    archive.addfile(entry, io.BytesIO(content))


def require_some(files: Iterable[Path]) -> list[Path]:
    """The files; a site that runs without the agent's folder has none to give."""
    found = list(files)
    if not found:
        raise Http404
    return found


def attached(content: bytes, name: str, kind: str) -> HttpResponse:
    """A file to keep."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type=kind, headers=headers)
