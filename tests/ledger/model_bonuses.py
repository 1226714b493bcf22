"""What deeds bring with them in the model: visits, recommendations, full stamp cards, tiers."""

from datetime import datetime, timedelta
from typing import Any

from tests.ledger.model import CREDIT, LISBON, POINTS, Done, Part, Place, Refused

EARNING = {"PURCHASE", "BUY", "POINTS"}
MOST_CARDS = 50


def after_award(done: Done, member: Any) -> None:
    on_visit(done, member)
    on_recommended(done, member, "FIRST_PURCHASE" if _is_first(member) else "")
    fill(done, member)
    member.wallet.judge(done.main, done.at)


def after_adjustment(done: Done, member: Any) -> None:
    if _moved(done, member) > 0:
        on_recommended(done, member, "")
    fill(done, member)
    member.wallet.judge(done.main, done.at, may_lower=True)


def _moved(done: Done, member: Any) -> int:
    return sum(part.moved(POINTS) for part in done.parts if part.wallet is member.wallet)


def bonus(done: Done, member: Any, points: int, credit: int = 0) -> Part:
    part = done.part(member.wallet, sort="BONUS")
    member.wallet.award(part, {POINTS: points, CREDIT: credit}, done.at)
    return part


def fire(part: Part, member: Any, kind: str, key: Any, occurrence: str = "") -> None:
    member.fired.append((kind, key, occurrence))
    member.was_fired.add((kind, key))
    part.fired.append((member, (kind, key, occurrence)))


def voucher(done: Done, member: Any, reward: str, cost: int = 0) -> Part:
    part = done.part(member.wallet)
    member.wallet.spend(part, cost, done.at)
    member.wallet.issue(part, reward)
    return part


def can_have(member: Any, reward: str) -> bool:
    try:
        member.check_reward(reward)
    except Refused:
        return False
    return True


# Visits and check-ins.


def day_of(at: datetime) -> Any:
    return at.astimezone(LISBON).date()


def on_visit(done: Done, member: Any) -> None:
    """Give what the number of this day's visit gives, once for each number."""
    deeds = [one for one in member.deeds if one.kind in EARNING and not one.is_undone]
    days = {day_of(one.at) for one in (*deeds, *member.check_ins)} - {day_of(done.at)}
    number = len(days) + 1
    due = [
        (key, points, reward)
        for key, (count, points, reward) in member.shop.visits.items()
        if number % count == 0 and ("MILESTONE", key, str(number)) not in member.fired
    ]
    for key, points, reward in due:
        part = bonus(done, member, points) if points else None
        if reward and can_have(member, reward):
            issued = voucher(done, member, reward)
            part = part or issued
        if part:
            fire(part, member, "MILESTONE", key, str(number))


def check_in(member: Any, at: datetime, hours: int) -> Done:
    """Note that a member is here; it gives points, and counts as a visit."""
    member.check_active()
    if member.check_ins and at - member.check_ins[-1].at < timedelta(hours=hours):
        raise Refused("CheckedInAlreadyError")
    number = len(member.check_ins) + 1
    done: Done = member.begin(at, "")
    done.main.sort = "BONUS"
    member.wallet.award(done.main, {POINTS: sum(member.shop.check_ins.values())}, at)
    for key in member.shop.check_ins:
        fire(done.main, member, "MILESTONE", key, str(number))
    on_visit(done, member)
    on_recommended(done, member, "")
    fill(done, member)
    member.wallet.judge(done.main, at)
    member.check_ins.append(done)
    member.finish(done)
    return done


# Recommendations: shop.referrals is {key: (event, threshold, points, beneficiary)}.


def _is_first(member: Any) -> bool:
    """Return whether the deed is the first purchase, or another one after that was undone."""
    firsts = {
        ("REFERRAL", key)
        for key, (event, *_) in member.shop.referrals.items()
        if event == "FIRST_PURCHASE"
    }
    open_ = firsts - {entry[:2] for entry in member.fired}
    if not open_ or open_ & member.was_fired:
        return bool(open_)
    return not any(one.kind in EARNING and not one.is_undone for one in member.deeds)


def on_recommended(done: Done, member: Any, event: str) -> None:
    """Give what a deed of a recommended member gives to both, each rule once."""
    if member.referrer is None or not member.shop.referrals:
        return
    if event:
        _give(done, member, event)
    while member.group is None and _give(done, member, "THRESHOLD"):
        pass  # What was given may reach the next threshold.
    other = member.referrer
    theirs = [part for part in done.parts if part.wallet is other.wallet]
    if theirs and other.wallet is not member.wallet:
        fill(done, other)
        other.wallet.judge(theirs[0], done.at)


def _give(done: Done, member: Any, event: str) -> bool:
    balance = member.wallet.available(done.at)
    due = [
        (key, points, beneficiary)
        for key, (when, threshold, points, beneficiary) in member.shop.referrals.items()
        if when == event
        and ("REFERRAL", key, "") not in member.fired
        and (event != "THRESHOLD" or balance >= threshold)
    ]
    is_any = False
    for key, points, beneficiary in due:
        for who, receiver in (("REFERRER", member.referrer), ("REFERRED", member)):
            is_out = receiver is member.referrer and receiver.status != "ACTIVE"
            if beneficiary not in {who, "BOTH"} or is_out:
                continue
            part = bonus(done, receiver, points)
            if ("REFERRAL", key, "") not in member.fired:
                fire(part, member, "REFERRAL", key)
            is_any = True
    return is_any


# Full stamp cards.


def fill(done: Done, member: Any) -> None:
    """Turn full stamp cards into rewards, where the deed added stamps; the rest carries over."""
    shop = member.shop
    if shop.per_card is None or not shop.full_reward or _moved(done, member) <= 0:
        return
    cards = min(MOST_CARDS, member.wallet.available(done.at) // shop.per_card)
    if not cards or not can_have(member, shop.full_reward):
        return
    if shop.full_reward in shop.stock:
        left = shop.stock[shop.full_reward] - shop.out.get(shop.full_reward, 0)
        cards = min(cards, left)
    for _ in range(cards):
        voucher(done, member, shop.full_reward, shop.per_card)


# Joining.


def join(member: Any, at: datetime) -> None:
    """Welcome a new member: points, what a recommendation gives, and the tier all that reaches."""
    wallet, shop = member.wallet, member.shop
    done: Done = member.begin(at, "")
    if shop.welcome:
        part = done.part(wallet, sort="BONUS")
        wallet.count(part, POINTS, shop.welcome)
        wallet.earn(part, shop.welcome, at)
    on_recommended(done, member, "REGISTRATION")
    fill(done, member)
    wallet.place = Place(shop.reached(wallet.measure(at)))
