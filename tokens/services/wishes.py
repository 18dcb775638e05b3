"""What members want for themselves."""

from django.db import transaction

from members.models import Member, User
from tokens.models import OverageWish


@transaction.atomic
def set_overage_wish(*, member: Member, may_go_over: bool, actor: User | None) -> OverageWish:
    """Whether a member lets themselves use more than their tokens; the same again changes nothing.

    Nodes are told with their next allowances. What is used all the same is charged: facts stand.
    """
    row, _made = OverageWish.objects.update_or_create(
        member=member, defaults={"may_go_over": may_go_over}
    )
    return row
