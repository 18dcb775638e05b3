"""German is whole: nothing untranslated, nothing stale, every placeholder kept."""

import gettext
import re
from pathlib import Path

from tests.coop.catalogue import ROOT, Message, asked_for, messages

FOLDER = ROOT / "locale" / "de" / "LC_MESSAGES"
CATALOGUE = messages(FOLDER / "django.po")
PLACEHOLDER = re.compile(r"%\(\w+\)s|%%|</?\w+>")


def test_every_message_of_code_and_templates_has_a_german_text() -> None:
    german = {message.singular for message in CATALOGUE}
    assert asked_for() - german == set()


def test_the_catalogue_holds_no_message_that_nobody_asks_for() -> None:
    assert {message.singular for message in CATALOGUE} - asked_for() == set()


def test_no_message_is_fuzzy_or_empty() -> None:
    bad = [m.singular for m in CATALOGUE if m.fuzzy or not m.texts or not all(m.texts)]
    assert bad == []


def test_each_text_keeps_the_placeholders() -> None:
    assert [m.singular for m in CATALOGUE if not keeps(m)] == []


def keeps(message: Message) -> bool:
    """Whether each text has the placeholders of its English one: the first that of the singular,
    which may say "one" where the plural has a number, the others those of the plural."""
    wanted = [message.singular, *[message.plural or message.singular] * (len(message.texts) - 1)]
    return list(map(placeholders, message.texts)) == list(map(placeholders, wanted))


def placeholders(text: str) -> set[str]:
    return set(PLACEHOLDER.findall(text))


def test_the_compiled_catalogue_is_fresh() -> None:
    with (FOLDER / "django.mo").open("rb") as compiled:
        catalogue = gettext.GNUTranslations(compiled)
    for message in CATALOGUE:
        if message.plural:
            got = [catalogue.ngettext(message.singular, message.plural, n) for n in (1, 2)]
            assert got == message.texts
        else:
            assert catalogue.gettext(message.singular) == message.texts[0]
    entries = vars(catalogue)["_catalog"]
    expected = sum(len(message.texts) for message in CATALOGUE) + 1
    assert len(entries) == expected


def test_every_catalogue_is_compiled() -> None:
    for source in Path(ROOT / "locale").rglob("*.po"):
        assert source.with_suffix(".mo").exists()
