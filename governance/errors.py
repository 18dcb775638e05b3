"""What governance refuses."""

from django.utils.translation import gettext_lazy as _

from ledger.errors import DomainError


class TextMissing(DomainError):
    """A proposal says what it is about and why."""

    code = "text_missing"
    text = _("A proposal needs a title and a text that says why.")


class UnknownAction(DomainError):
    """A vote can only do what the registry of actions knows."""

    code = "unknown_action"
    text = _("No vote can do “%(action)s”.")


class BadPayload(DomainError):
    """An action's payload has not the shape of its schema, or names what is not there."""

    code = "bad_payload"
    text = _("The proposal's action is incomplete or names what does not exist.")


class WrongState(DomainError):
    """The proposal has moved on, or is not there yet."""

    code = "wrong_state"
    status = 409
    text = _("This proposal is “%(state)s”; that cannot be done now.")


class NotYet(DomainError):
    """The clock decides, not the person who asks."""

    code = "not_yet"
    status = 409
    text = _("It is not time yet: the date was set with the notice, and nobody can move it.")


class VotingClosed(DomainError):
    """The ballot is not open at this moment."""

    code = "voting_closed"
    status = 409
    text = _("The ballot is not open now. Your vote was not counted.")


class NotOnRoll(DomainError):
    """Who may vote was frozen at opening."""

    code = "not_on_roll"
    status = 403
    text = _("You are not on the roll of this vote: it was frozen when the ballot opened.")


class OtherBallot(DomainError):
    """A signed statement that is over another vote, another member or another reason."""

    code = "other_ballot"
    text = _("This statement is for another vote, or for another reason. Take a fresh one.")


class UnknownChoice(DomainError):
    """A ballot answers in every chamber of its voter with one of the three answers."""

    code = "unknown_choice"
    text = _("Choose for, against or abstain.")


class NotYours(DomainError):
    """Only the proposer and the stewards may take back a draft."""

    code = "not_yours"
    status = 403
    text = _("Only the proposer or a steward can do this.")


class ConflictOfInterest(DomainError):
    """Nobody administers a vote on their own recall, pay or sanction (R18)."""

    code = "conflict_of_interest"
    status = 403
    text = _("This vote concerns you. Another steward, or time, takes this step.")


class CalledByOthers(DomainError):
    """A vote that a petition or an emergency called is nobody's to change or take back."""

    code = "called_by_others"
    status = 409
    text = _("A petition or an emergency called this vote. Nobody can change it or take it back.")


class WrongKind(DomainError):
    """Not every type of decision can be taken in every way."""

    code = "wrong_kind"
    text = _("This type of decision cannot be taken in this way, or not for so many seats.")


class BadOptions(DomainError):
    """The options of a vote are named, distinct, at most 26, and as many as it needs."""

    code = "bad_options"
    text = _(
        "Name at least two options, each once and briefly (at most 26). A motion has none; in an "
        "election somebody must stand."
    )


class NotSealable(DomainError):
    """Sealed ballots need one chamber, in which everybody has one vote."""

    code = "not_sealable"
    text = _("Two chambers decide this: it cannot be voted on with sealed ballots.")


class NoTrustees(DomainError):
    """A sealed vote is announced with its key."""

    code = "no_trustees"
    status = 409
    text = _("First the trustees make the key of this sealed vote and upload it here.")


class NothingChanged(DomainError):
    """A new version says something new."""

    code = "nothing_changed"
    text = _("Nothing was changed, so there is no new version.")


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


class UnknownAnswer(UnknownChoice):
    """A ballot answers with what its vote asks for: options of this vote, each at most once."""

    text = _("This ballot does not answer what is asked. Use each option at most once.")


class EqualRanks(UnknownChoice):
    """Where one vote goes from one candidate to the next, nobody shares a place."""

    text = _("Give each candidate a place of their own; leave out whom you do not want.")


class NothingToChange(DomainError):
    """What is asked for holds already."""

    code = "nothing_to_change"
    status = 409
    text = _("It is so already: nothing would change.")


class ElectedOffice(DomainError):
    """Who governs the cooperative is elected, and recalled by petition."""

    code = "elected_office"
    text = _("The office of %(office)s is given by election: propose an election instead.")


class OwnAction(DomainError):
    """What has an action of its own for a pool is changed by that one."""

    code = "own_action"
    text = _("For a pool this is changed by a proposal of its own kind: “%(action)s”.")


class NotAnElection(DomainError):
    """People stand only where people are elected, and only before the notice."""

    code = "not_an_election"
    status = 409
    text = _("Candidates stand in the draft of an election, before notice is given of it.")


class CannotStand(DomainError):
    """Who may hold an office: active members with an account, for so many terms."""

    code = "cannot_stand"
    text = _("%(name)s cannot stand: %(why)s.")


class NotInOffice(DomainError):
    """Somebody holds no such office now."""

    code = "not_in_office"
    status = 409
    text = _("%(name)s does not hold this office now.")


class PetitionRuns(DomainError):
    """One petition at a time against one person in one office."""

    code = "petition_runs"
    status = 409
    text = _("A petition against %(name)s is open already. Sign that one.")


class PetitionOver(DomainError):
    """A petition ends with its time, or with the vote that it calls."""

    code = "petition_over"
    status = 409
    text = _("This petition is over: its time has passed, or it has called its vote.")


class NoPower(DomainError):
    """Who may call or sign an emergency."""

    code = "no_power"
    status = 403
    text = _("You cannot sign an emergency: %(why)s.")


class SameFacts(DomainError):
    """Facts serve for one emergency (R17)."""

    code = "same_facts"
    status = 409
    text = _("These facts have served for an emergency already. Bring new ones, or propose a vote.")


class EmergencyOver(DomainError):
    """A call for an emergency lapses where too few sign it in time."""

    code = "emergency_over"
    status = 409
    text = _("This call is over: nobody can sign it any more.")


class AnsweredAlready(DomainError):
    """What is on the record stays as it is."""

    code = "answered_already"
    status = 409
    text = _("The answer to this emergency is on the record already.")


class NotSealed(DomainError):
    """Keys, ballot papers and tallies belong to votes with sealed ballots."""

    code = "not_sealed"
    status = 409
    text = _("This vote has open ballots: there is no key and no tally.")


class BadTrusteeKey(DomainError):
    """A trustee's public key that cannot be one, or that stands here already."""

    code = "bad_trustee_key"
    text = _(
        "Give the 64 hex digits that coop-trustee keygen shows, of a key that is not here yet."
    )


class TooFewTrustees(DomainError):
    """A vote's key is shared by as many trustees as policy asks for."""

    code = "too_few_trustees"
    text = _("A sealed vote has at least %(n)s trustees, and at least %(k)s of them open it.")


class BadDeal(DomainError):
    """A file that is not a deal of this vote's key to trustees of this cooperative."""

    code = "bad_deal"
    text = _("This is not a deal for this vote: %(why)s")


class BadSealedBallot(DomainError):
    """A ciphertext that no ballot has, or that somebody else cast before."""

    code = "bad_sealed_ballot"
    text = _("This is no sealed ballot of this vote. Seal one afresh from its ballot paper.")


class BadTracker(DomainError):
    """A tracker is 128 bits that nobody else can guess."""

    code = "bad_tracker"
    text = _("A tracker has 32 digits from 0 to 9 and a to f.")


class NotATrustee(DomainError):
    """The trustees of a vote, and stewards, bring its files."""

    code = "not_a_trustee"
    status = 403
    text = _("Only a trustee of this vote or a steward can do this.")


class BadTally(DomainError):
    """A file that is not what the trustees of this vote counted from its whole board."""

    code = "bad_tally"
    text = _("This tally is not taken: %(why)s")


class SpeaksForNobody(DomainError):
    """Only active members name others, and are named."""

    code = "speaks_for_nobody"
    text = _("Only an active member, other than yourself, can vote for you.")


class DelegationsOff(DomainError):
    """Policy has not enabled delegations; proxies there are always."""

    code = "delegations_off"
    status = 409
    text = _("Delegations that lead on are not in use here. Give a proxy instead.")


class NoProxyWhenSealed(DomainError):
    """A sealed vote takes neither proxies nor delegations (R12)."""

    code = "no_proxy_when_sealed"
    status = 409
    text = _("This vote is secret: nobody else can vote for you in it.")


class EndNeeded(DomainError):
    """What stands for more than one vote ends on a day, within what policy allows (R12)."""

    code = "end_needed"
    text = _("Say until when it stands: a moment to come, at most %(days)s days from now.")


class OneVoteHasItsEnd(DomainError):
    """A word for one vote ends with that vote."""

    code = "one_vote_has_its_end"
    text = _("A word for one vote ends with that vote. Leave the day empty.")


class BindsOnlyAProxy(DomainError):
    """Only a proxy for one vote binds its holder to an answer."""

    code = "binds_only_a_proxy"
    text = _("Only a proxy for one vote can be bound to an answer.")


class UnknownScope(DomainError):
    """A word is for all votes, for an area that actions have, or for one vote."""

    code = "unknown_scope"
    text = _("Say what it is for: all votes, one of the areas, or one vote.")


class HolderIsFull(DomainError):
    """Somebody holds as many proxies as the rules allow (R12)."""

    code = "holder_is_full"
    status = 409
    text = _("%(name)s holds %(heads)s proxies already, as many as one may. Name somebody else.")


class NotYourWord(DomainError):
    """Who gave a word and who holds it can end it."""

    code = "not_your_word"
    status = 403
    text = _("Only who gave it, or who holds it, can end it.")


class NotAgainstYourself(DomainError):
    """Nobody decides about a sanction against themselves (R18)."""

    code = "not_against_yourself"
    status = 403
    text = _("Nobody decides about a sanction against themselves. Another steward can.")


class LadderSkipped(DomainError):
    """A step of the ladder needs the one below it, within the time that policy says (R19)."""

    code = "ladder_skipped"
    status = 409
    text = _("First comes a %(step)s: none in the last %(days)s days stands against this member.")


class SanctionTooLong(DomainError):
    """Every sanction ends by itself, within the time that policy gives its step (R19)."""

    code = "sanction_too_long"
    text = _("Say until when: a moment to come, at most %(days)s days from now.")


class SanctionRuns(DomainError):
    """The same step is not put on twice at once."""

    code = "sanction_runs"
    status = 409
    text = _("This member has a %(step)s that still runs.")


class NotSanctionable(DomainError):
    """Sanctions are against active members."""

    code = "not_sanctionable"
    status = 409
    text = _("%(name)s is “%(state)s”: this step is only for active members.")


class NothingSanctioned(DomainError):
    """A sanction that is over cannot be appealed against or ended."""

    code = "nothing_sanctioned"
    status = 409
    text = _("This sanction is over.")


class AppealTooLate(DomainError):
    """An appeal is made within the time that policy says."""

    code = "appeal_too_late"
    status = 409
    text = _("An appeal had to be made within %(days)s days.")


class NobodyToDraw(DomainError):
    """A panel needs members who are not involved."""

    code = "nobody_to_draw"
    status = 409
    text = _("There is nobody whom the lot could fall on: all members are involved.")


class NotOnPanel(DomainError):
    """Whom the lot drew votes, once, while the panel sits."""

    code = "not_on_panel"
    status = 403
    text = _("You are not on this panel, or you have answered, or its time is over.")


class ReasonNeeded(DomainError):
    """What is decided about somebody has reasons, in words."""

    code = "reason_needed"
    text = _("Give the reason in words: those whom it concerns read it.")


class OldCounter(DomainError):
    """Of a voter's sealed ballots the highest counter counts, so the next one is higher."""

    code = "old_counter"
    status = 409
    text = _("A ballot with this counter, or a higher one, was cast already. Take a higher one.")


class ObjectionMissing(DomainError):
    """Whoever objects to a consent says why and what would have to change (R21)."""

    code = "objection_missing"
    text = _("To object, say why and what would have to change.")


class NotObjectable(DomainError):
    """Users object to what owners decide, before the opening or before it is carried out."""

    code = "not_objectable"
    status = 409
    text = _(
        "Nobody can object to this now: users vote on it themselves, or it is not announced, not "
        "carried, or about to be carried out."
    )


class NotAmongUsers(DomainError):
    """Who objects is among those who would vote."""

    code = "not_among_users"
    status = 403
    text = _("Only members who were told of this vote, and are active, can object to it.")


class NotAuditor(DomainError):
    """The right to halt a vote is the auditors'."""

    code = "not_auditor"
    status = 403
    text = _("Only an auditor can halt a vote.")


class ReasonMissing(DomainError):
    """What steps into a vote says why."""

    code = "reason_missing"
    text = _("Say why: everybody reads the reason.")


class HaltedAlready(DomainError):
    """One halt for each auditor and vote."""

    code = "halted_already"
    status = 409
    text = _("You have halted this vote once; an auditor can do so once in a vote.")


class Halted(DomainError):
    """Nothing is certified or carried out during a halt."""

    code = "halted"
    status = 409
    text = _("An auditor has halted this vote. Nothing goes on before the halt ends.")


class NotCorrectable(DomainError):
    """Who may be added to a roll, and by whom."""

    code = "not_correctable"
    status = 403
    text = _(
        "A steward or an auditor can add somebody who is active and was a member before the "
        "notice, and never themselves."
    )


class NotOfThisChamber(DomainError):
    """A chamber of this vote; the owners' one for those who hold shares."""

    code = "not_of_this_chamber"
    text = _("This vote has no such chamber, or the member holds no shares and is no owner.")


class OnRollAlready(DomainError):
    """Nobody stands on a roll twice."""

    code = "on_roll_already"
    status = 409
    text = _("This member is on the roll already.")


class NotDeadlocked(DomainError):
    """A joint text is for two chambers that differ, while there is time for it."""

    code = "not_deadlocked"
    status = 409
    text = _(
        "There is nothing to reconcile here: the chambers did not differ, or the time is over."
    )


class SecondVoteWaits(DomainError):
    """A second vote is announced by time."""

    code = "second_vote_waits"
    status = 409
    text = _("This second vote is announced by itself, when the time for the joint text is over.")


class PetitionNeeded(DomainError):
    """Nobody is recalled but after a petition of a tenth of either roll."""

    code = "petition_needed"
    status = 409
    text = _("A recall needs a petition first. Open one on the page of offices.")


class NotYourNode(DomainError):
    """The people of a node answer for it."""

    code = "not_your_node"
    status = 403
    text = _("Only those whose node it is, or whose use it measures, can answer.")


class SeatsTaken(DomainError):
    """There are so many seats, and some are held beyond the election."""

    code = "seats_taken"
    status = 409
    text = _("Only so many seats are free by then: %(free)s. Elect fewer.")
