"""Both embedded services together: started, stopped and asked under one lock."""

from collections.abc import Callable
from dataclasses import dataclass

from coop.local.account import private_folder
from coop.local.places import Places
from coop.local.postgres import Postgres
from coop.local.process import only_one
from coop.local.redis_server import Redis

Say = Callable[[str], None]


@dataclass(frozen=True)
class Services:
    """PostgreSQL and Redis of one set of places."""

    places: Places
    durable: bool = True

    @property
    def postgres(self) -> Postgres:
        """The database server."""
        return Postgres(self.places, self.durable)

    @property
    def redis(self) -> Redis:
        """The message server."""
        return Redis(self.places, self.durable)

    def start(self, say: Say = lambda line: None) -> None:
        """Both run when this returns, whoever started them."""
        self.start_postgres(say)
        self.start_redis(say)

    def start_postgres(self, say: Say = lambda line: None) -> None:
        """PostgreSQL runs when this returns."""
        if self.postgres.is_running():
            return
        self._mention_move(say)
        say("Starting PostgreSQL" if self.postgres.data.exists() else "Creating the database")
        with only_one(self.places.lock):
            private_folder(self.places.state, self.places.account)
            self.postgres.start()

    def start_redis(self, say: Say = lambda line: None) -> None:
        """Redis runs when this returns."""
        if self.redis.is_running():
            return
        say("Starting Redis")
        with only_one(self.places.lock):
            private_folder(self.places.state, self.places.account)
            self.redis.start()

    def stop(self) -> None:
        """Neither runs when this returns; the data stays."""
        with only_one(self.places.lock):
            self.redis.stop()
            self.postgres.stop()

    def _mention_move(self, say: Say) -> None:
        if self.places.moved:
            say(
                f"User {self.places.account.name} cannot enter {self.places.home}: "
                f"the databases lie in {self.places.state}"
            )
