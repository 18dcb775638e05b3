"""What the demo's register holds beyond names: addresses, ways to reach people, a nominee."""

from members.models import Contact, Member
from members.services import change_contact, change_particulars, name_nominee

ADDRESSES = {
    "ana": "Ridge Road 1\n25001 Valley",
    "ben": "School Lane 12\n25001 Valley",
    "chloe": "Mill Lane 4\n25002 Mill",
    "dario": "Square 3\n25001 Valley",
    "eva": "Orchard Way 9\n25002 Mill",
}


def furnish_the_register(people: dict[str, Member]) -> None:
    """Where the members live, how Ana is reached, whom she named; on the first start only."""
    ana = people["ana"]
    if ana.address:
        return
    for key, address in ADDRESSES.items():
        member = people[key]
        change_particulars(
            member_id=member.pk, name=member.name, address=address, actor=member.user
        )
    change_contact(
        member_id=ana.pk,
        email="ana@example.org",
        phone="+34 600 100 200",
        language="en",
        way=Contact.Way.PHONE,
        actor=ana.user,
    )
    name_nominee(member_id=ana.pk, name="Nico Ortiz", contact="Her brother", actor=ana.user)
