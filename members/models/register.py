"""Tables of the register: the cooperative, its users and its members."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Cooperative(models.Model):
    """The one row is the organisation that this site serves."""

    name = models.CharField(max_length=120)
    legal_name = models.CharField(max_length=200)
    currency = models.CharField(max_length=3, help_text="ISO 4217")
    timezone = models.CharField(max_length=64)
    iban = models.CharField(max_length=34, blank=True)
    bic = models.CharField(max_length=11, blank=True)
    public_key = models.CharField(max_length=64, help_text="Ed25519, hex")
    is_demo = models.BooleanField(default=False)
    next_member_number = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(pk=1), name="members_cooperative_only_one"),
        ]

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    """Makes users; an e-mail address is the only name they have."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """A user who can log in with this e-mail address."""
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """A user who may enter the admin pages."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """One row is somebody who can log in; whether they are a member is another matter."""

    email = models.EmailField(_("e-mail address"), unique=True)
    language = models.CharField(max_length=8, default="en")
    theme = models.CharField(
        max_length=8,
        default="auto",
        choices=[("auto", "auto"), ("light", "light"), ("dark", "dark")],
    )
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[UserManager] = UserManager()
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    def __str__(self) -> str:
        return self.email


class Member(models.Model):
    """One row is a person or organisation on the register, from application to the end.

    The number is given at admission, in order, without gaps, and never reused; whoever leaves and
    comes back keeps it. Name, address and state stand here as they are now; as they were on any
    day is told by `MemberEvent` and `Particulars`.
    """

    class Kind(models.TextChoices):
        """What a member is in law."""

        PERSON = "person", _("person")
        ORGANISATION = "organisation", _("organisation")

    class State(models.TextChoices):
        """Where a member stands."""

        APPLICANT = "applicant", _("applicant")
        ACTIVE = "active", _("active")
        SUSPENDED = "suspended", _("suspended")
        LEAVING = "leaving", _("leaving")
        LEFT = "left", _("left")
        REFUSED = "refused", _("refused")
        EXPELLED = "expelled", _("expelled")
        DECEASED = "deceased", _("deceased")

    user = models.OneToOneField(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="member"
    )
    number = models.PositiveIntegerField(unique=True, null=True)
    kind = models.CharField(max_length=12, choices=Kind, default=Kind.PERSON)
    name = models.CharField(max_length=200)
    address = models.TextField(blank=True)
    state = models.CharField(max_length=12, choices=State, default=State.APPLICANT)
    consents_to_conversion = models.BooleanField(
        default=True, help_text="paid profit may become units, which carry cost"
    )
    bylaws_version = models.CharField(max_length=20, blank=True)
    applied_at = models.DateTimeField(default=timezone.now)
    admitted_at = models.DateTimeField(null=True)
    ended_on = models.DateField(null=True, help_text="the day on which the membership ended")
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    decision_reason = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["applicant", "refused"]) | Q(number__isnull=False),
                name="members_member_number_from_admission_on",
            ),
        ]
        indexes = [models.Index(fields=["state", "number"], name="members_member_by_state")]

    def __str__(self) -> str:
        return f"{self.name} ({self.number or self.state})"


class Role(models.Model):
    """One row is an office that a user holds from a moment, until an end where one is set."""

    class Name(models.TextChoices):
        """The offices."""

        STEWARD = "steward", _("steward")
        TREASURER = "treasurer", _("treasurer")
        AUDITOR = "auditor", _("auditor")

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="roles")
    name = models.CharField(max_length=12, choices=Name)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)
    source = models.CharField(max_length=120, help_text="what decided it")
    ended_by = models.CharField(max_length=120, blank=True, default="")
    granted_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "name"],
                condition=Q(until=None),
                name="members_role_held_once_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.name}"
