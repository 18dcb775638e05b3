"""Whom to reach and how, who acts for whom, who belongs together, whom shares go to on death."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from members.models.register import Member, User


class Contact(models.Model):
    """One row is how to reach a member from a day on; the one recorded last counts.

    It serves only to reach them, so it is forgotten some time after they left (policy
    `contact_retention`): what it says is emptied and `forgotten_at` set.
    """

    class Way(models.TextChoices):
        """How a member likes to be reached."""

        EMAIL = "email", _("e-mail")
        PHONE = "phone", _("phone")
        POST = "post", _("post")

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="contacts")
    address = models.TextField(blank=True, help_text="for letters, where not the register's")
    phone = models.CharField(max_length=40, blank=True)
    email = models.EmailField(blank=True)
    language = models.CharField(max_length=8, blank=True)
    way = models.CharField(max_length=8, choices=Way, default=Way.EMAIL)
    valid_from = models.DateField()
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    forgotten_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("pk",)
        indexes = [models.Index(fields=["member", "-id"], name="members_contact_latest")]

    def __str__(self) -> str:
        return f"contact of {self.member_id} from {self.valid_from}"


class Nominee(models.Model):
    """One row is whom a member names to receive their shares on death, until taken back."""

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="nominees")
    name = models.CharField(max_length=200)
    contact = models.TextField(blank=True, help_text="how to reach them")
    nominee_member = models.ForeignKey(
        Member, on_delete=models.PROTECT, null=True, related_name="+"
    )
    named_on = models.DateField()
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    forgotten_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("pk",)
        constraints = [
            models.UniqueConstraint(
                fields=["member"], condition=Q(revoked_at=None), name="members_nominee_one"
            ),
            models.CheckConstraint(
                condition=Q(nominee_member=None) | ~Q(nominee_member=F("member")),
                name="members_nominee_is_another",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} for {self.member_id}"


class Representative(models.Model):
    """One row is a user who acts for an organisation from a moment, until an end."""

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="representatives")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="represents")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    source = models.CharField(max_length=200, help_text="what shows that they may")
    granted_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    ended_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ("pk",)
        constraints = [
            models.UniqueConstraint(
                fields=["member", "user"],
                condition=Q(until=None),
                name="members_representative_once_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} for {self.member_id}"


class LinkedMembers(models.Model):
    """One row is a fact that stewards found: two members count as one for caps. None is merged."""

    first = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    second = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=200)
    linked_at = models.DateTimeField()
    linked_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ("pk",)
        constraints = [
            models.UniqueConstraint(
                fields=["first", "second"],
                condition=Q(ended_at=None),
                name="members_link_once_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(first__lt=F("second")), name="members_link_smaller_first"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first_id} with {self.second_id}"
