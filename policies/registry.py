"""The parameters that exist: their meaning, the shape and bounds of a value, the default.

Every parameter is bounded, so that no vote can set a value that makes further votes, payments
or purchases impossible for longer than anybody lives with.
"""

from django.utils.translation import gettext_lazy as _

from policies.shapes import Band, Choice, Flag, Fraction, Majority, Parameter, Ratio, Whole

DAY = 86_400
MOST_SECONDS = 2 * 365 * DAY
MOST_DAYS = 3650
MOST_CENTS = 10**12
MOST_RATE = 10**15
MOST_SHARES = 10**6
MOST_MILLITOKENS = 10**9


def _seconds(least: int) -> Whole:
    words = _("a time from %(least)s to %(most)s seconds (two years)")
    return Whole("seconds", words, least, MOST_SECONDS)


_CENTS = Whole("cents", _("a whole number of cents from %(least)s to %(most)s"), 1, MOST_CENTS)
_RATE = Whole(
    "rate", _("a whole number of micro-cents per token from %(least)s to %(most)s"), 0, MOST_RATE
)
_FEE = Whole("cents", _("a whole number of cents from %(least)s to %(most)s"), 0, 10_000)
_SHARES = Whole("shares", _("a whole number of shares from %(least)s to %(most)s"), 1, MOST_SHARES)
_MILLITOKENS = Whole(
    "millitokens",
    _("a whole number of millitokens from %(least)s to %(most)s"),
    1,
    MOST_MILLITOKENS,
)
_DAYS = Whole("days", _("a whole number of days from %(least)s to %(most)s"), 0, MOST_DAYS)
_LASTING_DAYS = Whole("days", _("a whole number of days from %(least)s to %(most)s"), 1, MOST_DAYS)
_OFFER_DAYS = Whole("days", _("a whole number of days from %(least)s to %(most)s"), 1, MOST_DAYS)
_VESTING = Choice(
    {
        "at_close": _("at the close of the period"),
        "on_acquisition": _("when something is acquired"),
    }
)
_CENTS_OR_NONE = Whole(
    "cents", _("a whole number of cents from %(least)s to %(most)s"), 0, MOST_CENTS
)
_NOTICES = Whole("notices", _("a whole number from %(least)s to %(most)s"), 1, 12)
_BYTES = Whole("bytes", _("a whole number of bytes from %(least)s to %(most)s"), 0, 2**40)
_HOURS = Whole("hours", _("a whole number of hours from %(least)s to %(most)s"), 1, 24 * 90)
_HOURS_OF_DAY = Whole("hours", _("a whole number of hours from %(least)s to %(most)s"), 1, 24)
_CLOCK_HOUR = Whole("hour", _("a whole number from %(least)s to %(most)s"), 0, 23)
_GAP_SECONDS = Whole("seconds", _("a whole number of seconds from %(least)s to %(most)s"), 0, 1800)
_FAILURES = Whole("failures", _("a whole number from %(least)s to %(most)s"), 1, 100)
_EXIT_ORDER = Choice(
    {
        "need_first": _("death and hardship, then leaving, then parts"),
        "leavers_first": _("death and leaving, then hardship, then parts"),
        "by_time": _("in the order of the requests alone"),
    }
)
_PRICE_RULE = Choice(
    {
        "stewards": _("what is posted by vote"),
        "cost_plus": _("cost and a fraction of it"),
        "last_auction": _("what the last auction came to"),
    }
)
_TRUSTEES = Whole("trustees", _("a whole number from %(least)s to %(most)s"), 1, 9)
_QUARANTINE_DAYS = Whole("days", _("a whole number of days from %(least)s to %(most)s"), 1, 60)
_GRACE_HOURS = Whole("hours", _("a whole number of hours from %(least)s to %(most)s"), 0, 24 * 60)
_SILENT_HOURS = Whole("hours", _("a whole number of hours from %(least)s to %(most)s"), 1, 24 * 366)
_TIMES = Whole("times", _("a whole number from %(least)s to %(most)s"), 1, 1000)
_JUMP_SECONDS = Whole(
    "seconds", _("a whole number of seconds from %(least)s to %(most)s"), 60, 30 * DAY
)
_QUARANTINE_ON = Choice(
    {
        "nothing": _("nothing: a suspicion comes first"),
        "proofs": _("proof of two machines with one key"),
        "all": _("everything that makes a node suspect"),
    }
)
_WEIGHTS = Choice(
    {"one": _("one member, one vote"), "shares": _("as many votes as shares, up to the cap")}
)
_SCALE = Whole("points", _("a whole number from %(least)s to %(most)s"), 1, 100)
_PROXIES = Whole("members", _("a whole number from %(least)s to %(most)s"), 0, 1000)
_SEATS = Whole("seats", _("a whole number from %(least)s to %(most)s"), 1, 99)
_TERMS = Whole("terms", _("a whole number from %(least)s to %(most)s"), 1, 99)
_HARD_STOP = Whole(
    "seconds", _("a time from %(least)s to %(most)s seconds (three days)"), 30, 3 * DAY
)
_LEAST_BALLOT = 10
_LEAST_EXPIRY = 60
"""The site looks every few seconds what is due: a shorter time could pass between two looks."""

PARAMETERS: dict[str, Parameter] = {
    p.key: p
    for p in (
        Parameter("issue_price", _("issue price of a share"), 100, _CENTS),
        Parameter("holding_cap", _("holding cap per member"), [1, 1], Fraction()),
        Parameter("purchase_minimum", _("smallest purchase"), 1, _SHARES),
        Parameter("purchase_maximum", _("largest purchase"), MOST_SHARES, _SHARES),
        Parameter("purchase_step", _("steps of a purchase"), 1, _SHARES),
        Parameter("reservation_grace_days", _("days of grace for a reservation"), 7, _DAYS),
        Parameter("offer_days", _("days to take what the waiting list offers"), 7, _OFFER_DAYS),
        Parameter("transfer_days", _("days to answer an offered transfer"), 14, _OFFER_DAYS),
        Parameter("transfers_open", _("open for transfers between members"), True, Flag()),
        Parameter("lockup_days", _("days before a share can be passed on"), 0, _DAYS),
        Parameter("subscriptions_open", _("open for purchases"), True, Flag()),
        Parameter("vesting", _("when paid profit becomes shares"), "at_close", _VESTING),
        Parameter("redemption_notice_days", _("notice for giving shares back"), 30, _DAYS),
        Parameter("redemption_limit", _("shares taken back in a month"), [1, 20], Fraction()),
        Parameter(
            "redemption_limit_cents",
            _("money paid for shares and credit in a month (0.00: no such limit)"),
            0,
            _CENTS_OR_NONE,
        ),
        Parameter("redemption_order", _("who is served first"), "need_first", _EXIT_ORDER),
        Parameter("redemption_suspended", _("taking shares back is suspended"), False, Flag()),
        Parameter("credit_payout_days", _("how long credit waits before it is paid"), 730, _DAYS),
        Parameter("leaving_notice_days", _("notice for leaving"), 30, _DAYS),
        Parameter("default_notices", _("notices before shares pay a debt"), 2, _NOTICES),
        Parameter("default_notice_days", _("days between such notices"), 14, _DAYS),
        Parameter("posted_price", _("posted price"), 0, _RATE),
        Parameter("budget_band", _("how far a budget may go beyond the last cost"), "off", Band()),
        Parameter(
            "carried_band", _("how much may be carried before purchases close"), "off", Band()
        ),
        Parameter(
            "gift_cap", _("part of a token issue that may be given in a period"), [1, 1], Fraction()
        ),
        Parameter("price_rule", _("what the posted price follows"), "stewards", _PRICE_RULE),
        Parameter("price_markup", _("price above cost, as a fraction of cost"), [0, 1], Ratio()),
        Parameter(
            "price_min_volume",
            _("least that an auction sells to set the price"),
            1000,
            _MILLITOKENS,
        ),
        Parameter(
            "price_max_change", _("furthest that an auction moves the price"), [1, 10], Fraction()
        ),
        Parameter(
            "price_step_down",
            _("how far the price falls when offers stay unsold"),
            [0, 1],
            Fraction(),
        ),
        Parameter("bid_minimum", _("smallest bid"), 1, _MILLITOKENS),
        Parameter(
            "credit_limit",
            _("what a member may owe before use counts as beyond it (0.00: no limit)"),
            0,
            _CENTS_OR_NONE,
        ),
        Parameter(
            "grace_hours", _("hours for which a close waits for silent nodes"), 72, _GRACE_HOURS
        ),
        Parameter("late_days", _("days for which late readings are charged"), 60, _DAYS),
        Parameter("payload_days", _("days until old payloads of nodes expire; 0: never"), 0, _DAYS),
        Parameter(
            "link_tolerance", _("how far two ends of a link may differ"), [1, 200], Fraction()
        ),
        Parameter(
            "link_tolerance_bytes",
            _("how many bytes an hour two ends of a link may always differ by"),
            1_048_576,
            _BYTES,
        ),
        Parameter(
            "link_loss", _("loss on a link beyond which it is looked into"), [1, 20], Fraction()
        ),
        Parameter(
            "link_mismatches",
            _("hours of 24 in which a link contradicts itself before its nodes are suspect"),
            3,
            _HOURS_OF_DAY,
        ),
        Parameter(
            "link_gap_seconds",
            _("seconds of an hour that may be unmeasured when a link is compared"),
            60,
            _GAP_SECONDS,
        ),
        Parameter("countersign_hours", _("hours to answer a delivery note"), 72, _HOURS),
        Parameter("challenge_hours", _("hours to answer a storage challenge"), 24, _HOURS),
        Parameter("challenge_every_hours", _("hours between storage challenges"), 24, _HOURS),
        Parameter(
            "challenge_failures",
            _("failed storage challenges before a node is suspect"),
            2,
            _FAILURES,
        ),
        Parameter("key_days", _("days until a node should change its key"), 365, _DAYS),
        Parameter(
            "silent_hours", _("hours without a batch until a node is silent"), 3, _SILENT_HOURS
        ),
        Parameter("quarantine_on", _("what quarantines a node at once"), "nothing", _QUARANTINE_ON),
        Parameter(
            "suspect_days", _("days until a suspect node is quarantined"), 7, _QUARANTINE_DAYS
        ),
        Parameter(
            "quarantine_days", _("days until an unconfirmed quarantine ends"), 14, _QUARANTINE_DAYS
        ),
        Parameter(
            "over_capacity_times", _("impossible readings in a day until suspicion"), 3, _TIMES
        ),
        Parameter("clock_jumps", _("jumps of a clock until suspicion"), 3, _TIMES),
        Parameter("clock_jump_seconds", _("what counts as a jump of a clock"), 3600, _JUMP_SECONDS),
        Parameter(
            "claim_days", _("days for a second person to let a node in"), 7, _QUARANTINE_DAYS
        ),
        Parameter("payment_days", _("days to pay"), 14, _DAYS),
        Parameter("reminder_days", _("days overdue until the reminder"), 7, _DAYS),
        Parameter("second_reminder_days", _("days overdue until the second reminder"), 21, _DAYS),
        Parameter("second_reminder_fee", _("fee of the second reminder"), 500, _FEE),
        Parameter("default_days", _("days overdue until the notice of default"), 42, _DAYS),
        Parameter("collection_days", _("days between notice and direct debit"), 5, _DAYS),
        Parameter("notice_seconds", _("notice of a proposal"), 7 * DAY, _seconds(0)),
        Parameter("voting_seconds", _("voting time"), 7 * DAY, _seconds(_LEAST_BALLOT)),
        Parameter(
            "timelock_seconds", _("time between passing and execution"), 3 * DAY, _seconds(0)
        ),
        Parameter(
            "timelock_rights_seconds",
            _("timelock where usage rights are touched"),
            7 * DAY,
            _seconds(0),
        ),
        Parameter("expiry_seconds", _("time to execute"), 14 * DAY, _seconds(_LEAST_EXPIRY)),
        Parameter("support", _("support needed"), [1, 2, True], Majority()),
        Parameter("approval_quorum", _("approval quorum"), [1, 5, False], Majority()),
        Parameter(
            "special_notice_seconds", _("notice of a special proposal"), 14 * DAY, _seconds(0)
        ),
        Parameter(
            "special_support", _("support needed by a special proposal"), [2, 3, False], Majority()
        ),
        Parameter(
            "participation",
            _("part of all who may vote that must take part"),
            [0, 1, False],
            Majority(),
        ),
        Parameter(
            "square_root_quorum",
            _("ranked motions ask for three halves of the square root of a chamber in favour"),
            False,
            Flag(),
        ),
        Parameter("owner_weights", _("what an owner’s vote weighs"), "one", _WEIGHTS),
        Parameter(
            "owner_weight_cap",
            _("most that one owner’s vote may weigh, as a part of all shares"),
            [1, 10],
            Fraction(),
        ),
        Parameter("score_scale", _("highest score on a ballot"), 5, _SCALE),
        Parameter(
            "objection_share",
            _("part of the users that calls their chamber in"),
            [1, 20],
            Fraction(),
        ),
        Parameter(
            "users_alone",
            _("support with which users protect a usage right against the owners’ refusal"),
            [2, 3, False],
            Majority(),
        ),
        Parameter(
            "reconcile_seconds",
            _("time for two chambers to agree on a text"),
            14 * DAY,
            _seconds(0),
        ),
        Parameter(
            "extension_seconds",
            _("by how much a vote is extended that finds its quorum at the last moment"),
            DAY,
            _seconds(0),
        ),
        Parameter(
            "review_seconds",
            _("time until a consent is looked at again"),
            365 * DAY,
            _seconds(_LEAST_EXPIRY),
        ),
        Parameter(
            "halt_seconds", _("how long an auditor halts a vote"), 7 * DAY, _seconds(_LEAST_EXPIRY)
        ),
        Parameter("delegation_enabled", _("votes can be delegated onwards"), False, Flag()),
        Parameter("proxy_heads", _("for how many others one member may vote"), 5, _PROXIES),
        Parameter(
            "proxy_share",
            _("part of a chamber for which one member may vote"),
            [1, 10],
            Fraction(),
        ),
        Parameter("admission_by_vote", _("members are admitted by vote only"), False, Flag()),
        Parameter("expulsion_by_vote", _("members are expelled by vote only"), True, Flag()),
        Parameter("suspension_by_vote", _("members are suspended by vote only"), True, Flag()),
        Parameter(
            "retirement_by_vote", _("assets are retired and sold by vote only"), True, Flag()
        ),
        Parameter("bylaws_by_vote", _("bylaws are published by vote only"), True, Flag()),
        Parameter("offices_by_vote", _("offices are given and ended by vote only"), True, Flag()),
        Parameter("revocation_by_vote", _("nodes are revoked by vote only"), True, Flag()),
        Parameter(
            "contact_retention_days", _("how long contact data outlives membership"), 365, _DAYS
        ),
        Parameter("mentions_per_post", _("members that one post may name"), 10, _TIMES),
        Parameter("digest_hour", _("hour of the day from which digests go"), 8, _CLOCK_HOUR),
        Parameter("closing_hours", _("hours before a close in which digests remind"), 48, _HOURS),
        Parameter("steward_seats", _("stewards that there are at most"), 5, _SEATS),
        Parameter("office_days", _("days of a term of office"), 730, _LASTING_DAYS),
        Parameter("office_terms", _("terms that one member may serve in an office"), 3, _TERMS),
        Parameter(
            "proposal_backing",
            _("part of the members whose backing lets a proposer give notice without a steward"),
            [1, 20, False],
            Majority(),
        ),
        Parameter(
            "petition_share",
            _("part of either roll whose petition calls a vote on a recall"),
            [1, 10, False],
            Majority(),
        ),
        Parameter("petition_days", _("days for which a petition is open"), 90, _LASTING_DAYS),
        Parameter(
            "emergency_signatures", _("stewards who must sign an emergency quarantine"), 3, _SEATS
        ),
        Parameter(
            "emergency_call_seconds",
            _("time to sign an emergency quarantine"),
            DAY,
            _seconds(_LEAST_EXPIRY),
        ),
        Parameter(
            "emergency_seconds",
            _("time after which an emergency quarantine stops"),
            3 * DAY,
            _HARD_STOP,
        ),
        Parameter(
            "ratification_notice_seconds",
            _("notice of the vote on an emergency quarantine, a third of its time at most"),
            DAY,
            _seconds(0),
        ),
        Parameter(
            "delegation_days",
            _("longest time for which a proxy or delegation stands"),
            365,
            _LASTING_DAYS,
        ),
        Parameter(
            "delegation_warning_seconds",
            _("time before a close at which lost delegations are warned of"),
            2 * DAY,
            _seconds(0),
        ),
        Parameter(
            "sanction_memory_days", _("days for which a sanction counts"), 365, _LASTING_DAYS
        ),
        Parameter("warn_days", _("longest warning"), 365, _LASTING_DAYS),
        Parameter("limit_days", _("longest limit"), 90, _LASTING_DAYS),
        Parameter("suspend_days", _("longest suspension as a sanction"), 30, _LASTING_DAYS),
        Parameter("appeal_days", _("days to appeal against a sanction"), 30, _LASTING_DAYS),
        Parameter("panel_days", _("days in which a panel votes"), 7, _LASTING_DAYS),
        Parameter("panel_size", _("members that the lot calls to a panel"), 5, _SEATS),
        Parameter("simulation_days", _("how long simulations are kept"), 180, _LASTING_DAYS),
        Parameter("vouch_days", _("longest time for which a vouch holds"), 2 * 365, _LASTING_DAYS),
        Parameter("retention_days", _("how long a former member's name is kept"), MOST_DAYS, _DAYS),
        Parameter("sealed_trustees", _("trustees of a sealed vote, at least"), 3, _TRUSTEES),
        Parameter("sealed_threshold", _("trustees who open a sealed vote, at least"), 2, _TRUSTEES),
    )
}
