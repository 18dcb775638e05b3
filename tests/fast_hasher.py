"""Password hashing at the lowest cost: the tests log in often and guard nobody."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class FastArgon2(Argon2PasswordHasher):
    """The site's hasher, without the waiting."""

    time_cost = 1
    memory_cost = 64
    parallelism = 1
