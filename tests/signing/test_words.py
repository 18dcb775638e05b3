"""Fingerprint words: equal on both sides, different for different keys."""

from signing.words import _word, fingerprint_words


def test_words_follow_the_published_proquint_examples() -> None:
    # 127.0.0.1 is lusab-babad and 63.84.220.193 is gutih-tugad in Wilkerson's paper.
    assert [_word(n) for n in (0x7F00, 0x0001, 0x3F54, 0xDCC1)] == [
        "lusab", "babad", "gutih", "tugad",
    ]  # fmt: skip


def test_two_keys_have_two_names() -> None:
    assert fingerprint_words(bytes(32)) != fingerprint_words(bytes(31) + b"\1")
    assert len(fingerprint_words(bytes(32)).split("-")) == 5
