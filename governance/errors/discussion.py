"""Why something is not said, hidden or shown again."""

from django.utils.translation import gettext_lazy as _

from ledger.errors import DomainError


class PostEmpty(DomainError):
    """A post says something, and is short enough to be read."""

    code = "post_empty"
    text = _("Write something, at most %(most)s characters.")


class PostHidden(DomainError):
    """Nobody answers what is hidden."""

    code = "post_hidden"
    status = 409
    text = _("This post is hidden. Answer another one, or write one of your own.")


class UnknownMention(DomainError):
    """A number after “@” that is no member's."""

    code = "unknown_mention"
    text = _("There is no member %(number)s. Nothing was posted.")


class AmbiguousMention(DomainError):
    """A name after “@” that several members have."""

    code = "ambiguous_mention"
    text = _("Several members are called %(name)s: write @ and a number: %(numbers)s.")


class TooManyMentions(DomainError):
    """A post calls so many people only."""

    code = "too_many_mentions"
    text = _("A post names at most %(most)s members, because each of them gets a mail.")


class ModerationReason(DomainError):
    """Whoever hides a post or shows it again says why, in public."""

    code = "moderation_reason"
    text = _("Say why, in at most %(most)s characters: the reason is public.")


class NotModerator(DomainError):
    """Stewards hide posts and show them again; who wrote one may take it back."""

    code = "not_moderator"
    status = 403
    text = _("Only a steward, or who wrote it, hides a post; who hid it or a steward shows it.")
