"""A database that is there for one simulation, on the same server as the site's own.

It is copied from a blank, migrated one that is kept between simulations, so that one begins in
the time of a file copy. The site's own connection stays as it is; within `throw_away_database`
the alias "default" means the copy, mail and jobs are left out, and titles are signed with a key
that nobody keeps.
"""

import hashlib
import inspect
import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connections
from django.db.backends.postgresql.base import DatabaseWrapper
from django.db.migrations.loader import MigrationLoader
from django.utils import translation
from psycopg import Error, connect, sql

from signing.keys import VARIABLE

BLANK, PLAY, DRAFT = "coop_blank", "coop_play", "coop_draft"
A_WHILE = 600


class QuietConnection(DatabaseWrapper):
    """A connection that forgets what was to happen after the commit (mail, jobs) and its log."""

    queries_logged = False

    def on_commit(self, func: Callable[[], object], robust: bool = False) -> None:
        return None


@contextmanager
def throw_away_database() -> Iterator[None]:
    """Make "default" a new, migrated, empty database until the block ends, however it ends."""
    sweep()
    blank = blank_database()
    name = new_name(PLAY)
    try:
        create(name, template=blank)
        with database(name), key_of_its_own():
            yield
    finally:
        drop(name)


def blank_database() -> str:
    """The name of a migrated database without rows; made where there is none for this code.

    Several processes may want it at once: each makes its own, and the first to finish gives
    it the name.
    """
    name = f"{BLANK}_{migration_state()}"
    if name not in databases():
        draft = new_name(DRAFT)
        try:
            create(draft, template="template0")
            with database(draft), translation.override("en"):
                call_command("migrate", verbosity=0, interactive=False)
            rename(draft, name)
        finally:
            drop(draft)
        drop_outgrown(name)
    return name


def drop_outgrown(current: str) -> None:
    """Drop the blank databases of earlier code; a site that still runs it makes its own again."""
    for name in databases():
        if name.startswith(f"{BLANK}_") and name != current:
            drop(name)


def migration_state() -> str:
    """A digest of every migration there is: all files in the folders that hold them."""
    migrations = MigrationLoader(None, ignore_no_migrations=True).disk_migrations.values()
    folders = {Path(inspect.getfile(type(migration))).parent for migration in migrations}
    digest = hashlib.sha256()
    for file in sorted(file for folder in folders for file in folder.glob("*.*")):
        digest.update(f"{file.parent.parent.name}/{file.name}".encode() + file.read_bytes())
    return digest.hexdigest()[:16]


def new_name(prefix: str) -> str:
    """A name that says when it was given: what a killed process left can be told by its age."""
    return f"{prefix}_{int(time.time())}_{secrets.token_hex(6)}"


def sweep() -> None:
    """Drop what simulations that were killed have left.

    Nobody is connected with it any more; one that lives is, from its first moment on.
    """
    for name in abandoned():
        prefix, _, _chance = name.rpartition("_")
        prefix, _, since = prefix.rpartition("_")
        if prefix in (PLAY, DRAFT) and since.isdigit() and int(since) < time.time() - A_WHILE:
            drop(name)


def abandoned() -> list[str]:
    """The databases with which nobody is connected."""
    found = server(
        "SELECT datname FROM pg_database d"
        " WHERE NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.datid = d.oid)"
    )
    return [name for (name,) in found]


@contextmanager
def database(name: str) -> Iterator[None]:
    """Let "default" be this database; the connection that it was is put back untouched."""
    outside = connections["default"]
    inside = QuietConnection(quick({**outside.settings_dict, "NAME": name}))
    connections["default"] = inside
    ContentType.objects.clear_cache()
    try:
        yield
    finally:
        inside.close()
        connections["default"] = outside
        ContentType.objects.clear_cache()


@contextmanager
def key_of_its_own() -> Iterator[None]:
    """A signing key for this block, so that no simulated title is ever the cooperative's."""
    before = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = secrets.token_hex(32)
    try:
        yield
    finally:
        if before is None:
            del os.environ[VARIABLE]
        else:
            os.environ[VARIABLE] = before


def quick(settings: dict[str, Any]) -> dict[str, Any]:
    """Connection settings that do not wait for the disk: nothing here outlives the process."""
    options = settings["OPTIONS"]
    fast = f"{options.get('options', '')} -c synchronous_commit=off".strip()
    return {**settings, "OPTIONS": {**options, "options": fast}, "CONN_MAX_AGE": 0}


def server(statement: str, *names: str) -> list[tuple[Any, ...]]:
    """Run one statement about databases, outside of every transaction."""
    parameters = connections["default"].get_connection_params()
    with closing(connect(**{**parameters, "autocommit": True})) as connection:
        cursor = connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
        return cursor.fetchall() if cursor.description else []


def databases() -> list[str]:
    return [name for (name,) in server("SELECT datname FROM pg_database")]


def create(name: str, *, template: str) -> None:
    server("CREATE DATABASE {} TEMPLATE {}", name, template)


def rename(name: str, to: str) -> None:
    """Give a database its name, unless another has taken it meanwhile."""
    try:
        server("ALTER DATABASE {} RENAME TO {}", name, to)
    except Error:
        if to not in databases():
            raise


def drop(name: str) -> None:
    server("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
