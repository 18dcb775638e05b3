"""Documents set by Typst as tagged PDF/UA-1, with the fonts that come with it.

What is set reaches Typst as data (one JSON document), never as markup: a name cannot become a
command.
"""

import json
from collections.abc import Mapping
from typing import Any, Literal

import typst
from django.conf import settings

Format = Literal["pdf", "png"]


def typeset(template: str, data: Mapping[str, Any], *, form: Format = "pdf") -> bytes:
    """A document below templates/ filled with data, as bytes of a PDF/UA-1 file.

    The template reads its data by `json(bytes(sys.inputs.data))`. With the form "png" its first
    page comes as a picture.
    """
    options: dict[str, Any] = {"pdf_standards": "ua-1"} if form == "pdf" else {}
    made: bytes | list[bytes] = typst.compile(
        settings.BASE_DIR / "templates" / template,
        format=form,
        ppi=110,
        sys_inputs={"data": json.dumps(data)},
        ignore_system_fonts=True,
        **options,
    )
    return made[0] if isinstance(made, list) else made
