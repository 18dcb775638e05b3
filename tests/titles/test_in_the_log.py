"""Every title is covered by the log of the books, without being tied to it in public."""

import pytest
from django.db import connection

from ledger.log import records, tree
from ledger.models import Document
from signing import merkle
from tests.makers import buy, make_member, make_pool
from tests.sealing import seal_all
from titles.certificate import document_digest
from titles.invariants import titles_are_covered_by_the_log
from titles.models import Title


@pytest.mark.django_db(transaction=True)
def test_a_title_is_proved_to_be_in_the_log_by_who_has_its_salt() -> None:
    buy(make_member("Ana"), make_pool(treasury=100), 20)
    seal_all()
    title = Title.objects.get()
    leaf = tree.leaf_of_document(document_digest(bytes(title.envelope), bytes(title.salt)))
    assert leaf is not None and leaf.document_id is not None
    (document,) = records.documents([leaf.document_id])
    assert document.kind == "title"
    head = tree.newest()
    assert head is not None
    merkle.verify_inclusion(
        merkle.leaf_hash(document.as_bytes()),
        leaf.index,
        head.size,
        tree.inclusion(leaf.index, head.size),
        bytes(head.root),
    )


@pytest.mark.django_db
def test_without_the_salt_a_title_cannot_be_found_in_the_log() -> None:
    buy(make_member("Ana"), make_pool(treasury=100), 20)
    title = Title.objects.get()
    public = [bytes(title.envelope), bytes(16)]
    assert not Document.objects.filter(digest=document_digest(*public)).exists()


@pytest.mark.django_db
def test_a_title_that_was_changed_is_no_longer_covered() -> None:
    buy(make_member("Ana"), make_pool(treasury=100), 20)
    assert titles_are_covered_by_the_log() == []
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE titles_title SET salt = '0'")
    assert titles_are_covered_by_the_log() == [
        "the log does not cover title 1 as it stands",
    ]
