"""Text as every bank in SEPA takes it. No Django.

Source: EPC217-08, the Latin character set of the SEPA schemes, with its conversion of other
letters to their basic ones.
"""

import re
import unicodedata

OUTSIDE = re.compile(r"[^A-Za-z0-9/\-?:().,'+ ]")
LETTERS = str.maketrans(
    {
        "ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O",
        "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "TH",
        "ı": "i", "ŀ": "l", "ħ": "h", "Ħ": "H", "ŧ": "t", "Ŧ": "T", "ŋ": "n", "Ŋ": "N",
        "&": "+", "€": "EUR", "@": "(at)", "_": "-", "–": "-", "—": "-", "’": "'", "‘": "'",
        "“": "'", "”": "'", '"': "'", "·": ".", ";": ",", "…": "...",
    }
)  # fmt: skip


def restricted(text: str, length: int) -> str:
    """The text in SEPA's characters, at most `length` of them; never empty, never a bare slash.

    Letters lose their accents; what has no likeness becomes a full stop.
    """
    plain = unicodedata.normalize("NFKD", text.translate(LETTERS))
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    kept = OUTSIDE.sub(".", " ".join(plain.split()))
    return kept.strip("/ ").replace("//", "/")[:length].strip("/ ") or "."


def exact(cents: int) -> str:
    """Cents as an amount of a payment message, with two decimals."""
    return f"{cents // 100}.{cents % 100:02}"
