"""A key's fingerprint as words that two people can read to each other.

Five proquints (D. Wilkerson, "A Proposal for Proquints", 2009) spell the first ten bytes of the
key's SHA-256: sixteen bits a word, as consonant, vowel, consonant, vowel, consonant.
"""

import hashlib

_CONSONANTS = "bdfghjklmnprstvz"
_VOWELS = "aiou"
_WORDS = 5


def fingerprint_words(public_key: bytes) -> str:
    """Five words such as "lusab-babad-gutih-tugad-mudof", equal in the agent and on the page."""
    digest = hashlib.sha256(public_key).digest()
    return "-".join(_word(int.from_bytes(digest[i * 2 : i * 2 + 2])) for i in range(_WORDS))


def _word(number: int) -> str:
    first, second = _VOWELS[number >> 10 & 3], _VOWELS[number >> 4 & 3]
    outer = [_CONSONANTS[number >> shift & 15] for shift in (12, 6, 0)]
    return f"{outer[0]}{first}{outer[1]}{second}{outer[2]}"
