"""What a deed brings with it, in one place: each part a draft that is undone with the deed."""

from loyalty.ledger.drafts import Draft
from loyalty.operations import bonuses, milestones, referrals, stamps, tags, tiering
from loyalty.operations.standing import Standing
from loyalty.rules.terms import TierManagement


def after_award(standing: Standing, main: Draft) -> list[Draft]:
    """Return an award with all that it causes, ready to be posted."""
    tags.note(standing, main)
    drafts = milestones.on_visit(standing, [main])
    drafts = referrals.on_deed(standing, drafts, is_purchase=True)
    return _completed(standing, drafts)


def after_adjustment(standing: Standing, main: Draft) -> list[Draft]:
    """Return points given or corrected by hand with all that they cause.

    A person corrected what was awarded, so the tier may fall as well.
    """
    drafts = [main]
    if bonuses.moved(standing, drafts) > 0:
        drafts = referrals.on_deed(standing, drafts, is_purchase=False)
    return _completed(standing, drafts, may_lower=True)


def after_opening(standing: Standing, main: Draft) -> list[Draft]:
    """Return a balance brought from another system, with the tier that it reaches.

    What came with that tier, with full cards and for recommending was given over there.
    """
    return tiering.settle(standing, [main])[:1]


def after_check_in(standing: Standing, drafts: list[Draft]) -> list[Draft]:
    """Return a check-in and its rewards with all that the visit causes."""
    drafts = milestones.on_visit(standing, drafts)
    drafts = referrals.on_deed(standing, drafts, is_purchase=False)
    return _completed(standing, drafts)


def after_bonus(standing: Standing, drafts: list[Draft]) -> list[Draft]:
    """Return a bonus that the calendar gave with all that it causes."""
    drafts = referrals.on_deed(standing, drafts, is_purchase=False)
    return _completed(standing, drafts)


def after_joining(standing: Standing, drafts: list[Draft]) -> list[Draft]:
    """Return an enrolment and its welcome with all that they cause."""
    brought = stamps.fill(standing, referrals.on_joining(standing, drafts), main=drafts[0])
    if len(brought) > len(drafts) and standing.terms.tier_management != TierManagement.MANUAL:
        # The first tier is what the welcome reaches, and this is part of it.
        value = tiering.sums_after(standing, brought).measured(standing.terms)
        first = tiering.automatic(standing, value)
        brought[0].tier = first if first.to_tier_id else None
    return brought


def _completed(standing: Standing, drafts: list[Draft], *, may_lower: bool = False) -> list[Draft]:
    drafts = stamps.fill(standing, drafts, main=drafts[0])
    _tell(standing, drafts)
    return tiering.settle(standing, drafts, may_lower=may_lower)


def _tell(standing: Standing, drafts: list[Draft]) -> None:
    """Let the deed's result say what came with it, for the person who reads it at once."""
    main, brought = drafts[0], bonuses.own(standing, drafts[1:])
    if not brought:
        return
    main.result["balance_after"] = bonuses.available_after(standing, drafts)
    main.result["brought"] = [
        {
            "reason": one.result["reason"],
            "points": one.result["points"],
            "credit_minor": one.result.get("credit_minor", 0),
            "reward": one.result.get("reward", ""),
        }
        for one in brought
    ]
