"""Claims and rewards: the scan is the right to spend, the price of a claim is binding."""

from datetime import timedelta

import pytest

from cards.models import Reward, RewardStatus
from clubs.models import StaffMember
from loyalty.ledger.models import Lot, Source
from loyalty.members import codes
from loyalty.members.models import Claim, RewardCounter, Scan, ScanOutcome
from loyalty.operations import drafting, offers, redemptions, scans, standing
from loyalty.operations.deeds import RepeatDiffersError
from loyalty.operations.scans import Landing, Looker
from loyalty.rules.offers import OfferState
from loyalty.users.models import User
from tests.cast import (
    NOON,
    deed,
    join,
    make_cast,
    make_club,
    make_manager,
    make_partner,
    make_reward,
    make_staff,
    make_tier,
    make_user,
)
from tests.ledger.corrupting import without_guards
from tests.operations.counter import (
    adjust,
    balance,
    buy,
    days,
    issue,
    open_lots,
    redeem,
    rows,
    set_status,
    undo,
)

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def start(cast, reward=None, *, at=NOON, actor=None):
    return redemptions.start_claim(
        deed=deed(actor or cast.mia, Source.WALLET, at=at),
        membership_id=cast.membership.pk,
        reward_id=(reward or cast.reward).pk,
    )


def show(cast, token, *, at=NOON, staff=None, session="session"):
    looker = Looker(user=staff or cast.sam, session_hash=session, store=cast.old_port)
    return scans.show_claim(looker=looker, token=token, at=at)


def hand_out(cast, claim, scan_id, *, at=NOON, key=""):
    return redemptions.redeem_claim(
        deed=deed(cast.sam, at=at, key=key),
        claim_id=claim.pk,
        membership_id=cast.membership.pk,
        scan_id=scan_id,
    )


def rich_cast(points=1000, **card):
    cast = make_cast(**card)
    adjust(cast, points)
    return cast


@pytest.mark.req("R10.1", "R10.2", "R4.6")
def test_a_claim_shown_at_the_counter_burns_the_points_once():
    cast = rich_cast(250)
    started = start(cast)
    scan = show(cast, started.token).scan_id

    got = hand_out(cast, started.claim, scan, key="k")

    assert (got.points, got.reward, balance(cast)) == (-200, cast.reward, 50)
    assert (got.result["balance_before"], got.result["balance_after"]) == (250, 50)
    assert hand_out(cast, started.claim, scan, key="k") == got
    with pytest.raises(redemptions.ClaimUsedError):
        hand_out(cast, started.claim, scan)
    assert RewardCounter.objects.get(reward=cast.reward).issued == 1


def test_starting_again_keeps_the_claim_and_kills_the_earlier_code():
    cast = rich_cast()
    first = start(cast)

    second = start(cast, at=NOON + MINUTE)

    assert (second.claim, second.claim.expires_at) == (first.claim, NOON + 5 * MINUTE)
    assert show(cast, first.token).landing == Landing.UNKNOWN
    assert show(cast, second.token).landing == Landing.COUNTER


def test_the_price_at_the_start_of_a_claim_is_binding():
    cast = rich_cast(300)
    first = start(cast)
    Reward.objects.filter(pk=cast.reward.pk).update(cost=900)

    again = start(cast, at=NOON + MINUTE)
    got = hand_out(cast, first.claim, show(cast, again.token).scan_id)

    assert (again.claim.cost, got.points) == (200, -200)


def test_after_its_minutes_a_claim_is_worth_nothing_and_a_new_one_has_the_new_price():
    cast = rich_cast()
    first = start(cast)
    Reward.objects.filter(pk=cast.reward.pk).update(cost=300)
    later = NOON + 5 * MINUTE

    with pytest.raises(redemptions.ClaimExpiredError):
        hand_out(cast, first.claim, cast.scan(at=later), at=later)
    second = start(cast, at=later)

    assert (second.claim.cost, Claim.objects.count()) == (300, 2)


def test_a_claim_of_a_used_one_starts_afresh():
    cast = rich_cast()
    first = start(cast)
    hand_out(cast, first.claim, cast.scan())

    assert start(cast).claim != first.claim


def test_only_the_member_starts_a_claim():
    cast = rich_cast()

    for actor in (cast.noor, cast.petra):
        with pytest.raises(standing.MembershipNotFoundError):
            start(cast, actor=actor)


def test_a_claim_needs_the_points():
    cast = rich_cast(199)

    with pytest.raises(drafting.NotEnoughPointsError) as refused:
        start(cast)

    assert (refused.value.available, refused.value.cost, refused.value.missing) == (199, 200, 1)


def test_points_spent_since_the_start_of_a_claim_are_missing_at_the_counter():
    cast = rich_cast(250)
    started = start(cast)
    adjust(cast, -100)

    with pytest.raises(drafting.NotEnoughPointsError):
        hand_out(cast, started.claim, cast.scan())


def test_a_claim_of_another_membership_is_not_found():
    cast = rich_cast()
    started = start(cast)

    noors = join(cast.noor, cast.card)

    with pytest.raises(redemptions.ClaimNotFoundError):
        redemptions.redeem_claim(
            deed=deed(cast.sam),
            claim_id=started.claim.pk,
            membership_id=noors.pk,
            scan_id=cast.scan(membership=noors),
        )


UNAVAILABLE = [
    # the reward is, state
    ({"status": RewardStatus.PAUSED}, OfferState.ENDED),
    ({"status": RewardStatus.ARCHIVED}, OfferState.ENDED),
    ({"valid_from": NOON + MINUTE}, OfferState.NOT_STARTED),
    ({"valid_until": NOON}, OfferState.ENDED),
    ({"stock": 0}, OfferState.SOLD_OUT),
]


@pytest.mark.parametrize(("change", "state"), UNAVAILABLE)
def test_a_reward_that_cannot_be_had_is_refused_everywhere(change, state):
    cast = rich_cast()
    Reward.objects.filter(pk=cast.reward.pk).update(**change)

    for deed_of in (start, redeem, issue):
        with pytest.raises(offers.RewardNotAvailableError) as refused:
            deed_of(cast)
        assert refused.value.state == state


def test_a_reward_of_another_card_cannot_be_had():
    cast = rich_cast()
    towel = Reward.objects.get(card=cast.hill_card)

    with pytest.raises(offers.RewardNotAvailableError) as refused:
        redeem(cast, towel)

    assert refused.value.state == OfferState.ENDED


def test_a_reward_for_a_tier_is_refused_below_it():
    cast = rich_cast(500)
    silver = make_tier(cast.card, "Silver", 10_000)
    special = make_reward(cast.card, "Tasting", 100, min_tier=silver)

    with pytest.raises(offers.RewardNotAvailableError) as refused:
        redeem(cast, special)

    assert refused.value.state == OfferState.TIER_TOO_LOW


def test_a_reward_once_per_member_counts_vouchers_and_not_what_was_undone():
    cast = rich_cast()
    once = make_reward(cast.card, "Tour", 10, per_member=1)
    undo(cast, redeem(cast, once))
    issue(cast, once)

    with pytest.raises(offers.RewardNotAvailableError) as refused:
        redeem(cast, once)

    assert refused.value.state == OfferState.LIMIT_REACHED


def test_the_last_piece_goes_out_once():
    cast = rich_cast()
    rare = make_reward(cast.card, "Poster", 10, stock=1)
    redeem(cast, rare)

    with pytest.raises(offers.RewardNotAvailableError) as refused:
        redeem(cast, rare)

    assert refused.value.state == OfferState.SOLD_OUT


def test_rewards_per_day_are_limited():
    cast = rich_cast(redeems_per_day=1)
    redeem(cast)

    with pytest.raises(standing.LimitReachedError) as refused:
        redeem(cast)

    assert (refused.value.limit, refused.value.hours) == (1, 24)
    assert redeem(cast, at=NOON + days(1)).points == -200


def test_a_repeat_of_a_redemption_burns_nothing_and_other_content_is_refused():
    cast = rich_cast()
    tart = make_reward(cast.card, "Tart", 10)
    first = redeem(cast, key="k")
    before = rows()

    assert (redeem(cast, key="k"), rows()) == (first, before)
    with pytest.raises(RepeatDiffersError):
        redeem(cast, tart, key="k")


@pytest.mark.req("R4.5", "R4.6")
def test_earn_then_two_rewards_in_one_visit_from_one_scan():
    cast = make_cast()
    scan = cast.scan()

    buy(cast, 50_000, scan=scan)
    redeem(cast, scan=scan, at=NOON + 3 * MINUTE)
    redeem(cast, scan=scan, at=NOON + 9 * MINUTE)

    assert balance(cast) == 100


def test_after_ten_minutes_a_scan_may_still_earn_but_not_spend():
    cast = rich_cast()
    scan, later = cast.scan(), NOON + 10 * MINUTE

    with pytest.raises(standing.ScanTooOldError):
        redeem(cast, scan=scan, at=later)

    assert buy(cast, 100, scan=scan, at=later).points == 1


def test_the_same_code_from_another_session_is_refused_for_spending():
    cast = rich_cast()
    cleo = make_user("cleo")
    make_staff(cleo, cast.harbour)
    assert cast.scan() == cast.scan()  # A reload finds its own row.

    for staff, session in ((cast.sam, "other tablet"), (cleo, "session")):
        scan = cast.scan(staff, session=session)
        with pytest.raises(standing.ScanTooOldError):
            redeem(cast, actor=staff, scan=scan)
        assert buy(cast, 100, actor=staff, scan=scan).points == 1


def test_staff_of_another_club_and_the_member_themselves_cannot_spend():
    cast = rich_cast()
    scan = cast.scan()

    with pytest.raises(standing.MembershipNotFoundError):
        redeem(cast, actor=cast.tess, scan=scan)
    make_staff(cast.mia, cast.harbour)
    with pytest.raises(standing.ScanTooOldError):
        redeem(cast, actor=cast.mia, scan=scan)


def test_a_manager_hands_out_without_a_scan():
    cast = rich_cast()

    assert redeem(cast, actor=cast.petra, source=Source.ADMIN, scan=0).points == -200


def test_a_member_who_manages_the_shop_cannot_hand_out_to_themselves():

    cast = rich_cast()
    make_manager(cast.mia, cast.partner)

    with pytest.raises(standing.OwnMembershipError):
        redeem(cast, actor=cast.mia, source=Source.ADMIN, scan=0)


def printed_scan(cast):
    looker = Looker(user=cast.sam, session_hash="session", store=None)
    shown = scans.show_card(looker=looker, code=cast.membership.code, digits=None, at=NOON)
    assert shown.is_fresh
    return shown.scan_id


def searched_scan(cast, *, confirmed):
    looker = Looker(user=cast.sam, session_hash="session", store=None)
    shown = scans.choose_member(
        looker=looker, membership_id=cast.membership.pk, is_phone_confirmed=confirmed, at=NOON
    )
    return shown.scan_id


@pytest.mark.parametrize("may_spend", [False, True])
def test_a_printed_card_spends_where_the_card_says_so(may_spend):
    cast = rich_cast(printed_card_spends=may_spend)
    scan = printed_scan(cast)

    if may_spend:
        assert redeem(cast, scan=scan).points == -200
    else:
        with pytest.raises(standing.NotAllowedError):
            redeem(cast, scan=scan)
        assert buy(cast, 100, scan=scan).points == 1


SEARCHES = [
    # card allows, phone confirmed, person may, hands out
    (True, True, True, True),
    (False, True, True, False),
    (True, False, True, False),
    (True, True, False, False),
]


@pytest.mark.req("FA9")
@pytest.mark.parametrize(("allows", "confirmed", "may", "is_done"), SEARCHES)
def test_a_member_without_a_phone_gets_a_reward_after_a_confirmed_search(
    allows, confirmed, may, is_done
):
    cast = rich_cast(search_spends=allows)
    StaffMember.objects.filter(user=cast.sam).update(may_redeem_by_search=may)
    scan = searched_scan(cast, confirmed=confirmed)

    if is_done:
        assert redeem(cast, scan=scan).points == -200
    else:
        with pytest.raises(standing.NotAllowedError):
            redeem(cast, scan=scan)


def test_lots_past_their_date_cannot_be_spent_before_the_job_ran():
    cast = make_cast(expiry_days=10)
    buy(cast, 15_000)
    late = NOON + days(5)
    buy(cast, 10_000, at=late)
    at = NOON + days(12)

    with pytest.raises(drafting.NotEnoughPointsError) as refused:
        redeem(cast, at=at)

    assert (refused.value.available, balance(cast)) == (100, 250)
    cheap = make_reward(cast.card, "Tart", 60)
    got = redeem(cast, cheap, at=at)
    assert (got.result["balance_before"], got.result["balance_after"]) == (100, 40)
    assert [left for left, _ in open_lots(cast)] == [150, 40]


@pytest.mark.req("IV4.2")
def test_the_earliest_expiry_is_spent_first_and_points_without_one_last():
    cast = make_cast()

    for minor in (3000, 5000, 8000, 1000):
        buy(cast, minor)
    # Dates as they would be under three rules; the triggers hold them, so they are laid by hand.
    dates = [NOON + days(31), NOON + days(1), NOON + days(17), None]

    with without_guards("ledger_lot"):
        for lot, date in zip(Lot.objects.order_by("pk"), dates, strict=True):
            Lot.objects.filter(pk=lot.pk).update(expires_at=date)

    redeem(cast, make_reward(cast.card, "Soup", 70))

    assert [left for left, _ in open_lots(cast)] == [30, 60, 10]


def test_a_removed_member_gets_no_reward():
    cast = rich_cast()
    set_status(cast, "REMOVED")

    for deed_of in (redeem, start, issue):
        with pytest.raises(standing.MembershipNotActiveError):
            deed_of(cast)


def test_staff_see_the_state_of_every_reward_in_their_order():
    cast = rich_cast(150)
    make_reward(cast.card, "Tart", 100, position=0)
    make_reward(cast.card, "Old", 1, status=RewardStatus.ARCHIVED)
    account = cast.membership.account
    account.refresh_from_db()

    found = offers.listed(account=account, available=150, at=NOON)

    assert [(one.reward.name, one.state, one.missing, one.is_ready) for one in found] == [
        ("Tart", OfferState.READY, 0, True),
        ("Croissant", OfferState.NOT_ENOUGH, 50, False),
    ]


def test_a_guessed_code_dies_after_five_misses():
    cast = rich_cast()
    looker = Looker(user=cast.sam, session_hash="session", store=cast.old_port)
    right = codes.rotating_code(cast.membership.totp_key, codes.step_at(NOON))
    wrong = "000000" if right != "000000" else "111111"

    def shown(digits):
        return scans.show_card(looker=looker, code=cast.membership.code, digits=digits, at=NOON)

    assert [shown(wrong).is_fresh for _ in range(5)] == [False] * 5
    assert shown(right).is_fresh is False
    assert shown("٠٠٠٠٠٠").is_fresh is False


def test_codes_lead_each_person_where_they_belong():

    cast = rich_cast()
    make_staff(make_user("otto"), make_club(make_partner("Other"), "Other"))

    root = make_user("root", is_superuser=True)
    landings = {}
    for name in ("sam", "tess", "mia", "noor", "petra", "otto", "root"):
        looker = Looker(
            user=User.objects.get(email=f"{name}@example.org"), session_hash=name, store=None
        )
        shown = scans.show_card(looker=looker, code=cast.membership.code, digits=None, at=NOON)
        claimed = scans.show_claim(looker=looker, token=start(cast).token, at=NOON)
        chosen = scans.choose_member(
            looker=looker, membership_id=cast.membership.pk, is_phone_confirmed=False, at=NOON
        )
        landings[name] = (shown.landing, claimed.landing)
        assert (chosen.scan_id is not None) == (name == "sam")
        if shown.landing == Landing.UNKNOWN:
            unknown = scans.show_card(looker=looker, code="X" * 12, digits="123456", at=NOON)
            assert unknown == shown
    assert root.is_superuser
    both = {
        "sam": Landing.COUNTER,
        "tess": Landing.NOT_YOUR_CLUB,
        "mia": Landing.OWN_CARD,
        "noor": Landing.UNKNOWN,
        "petra": Landing.DASHBOARD,
        "otto": Landing.UNKNOWN,
        "root": Landing.DASHBOARD,
    }
    assert landings == {name: (landing, landing) for name, landing in both.items()}


def test_a_refused_scan_names_the_member_only_inside_the_partner():

    cast = rich_cast()
    for staff in (cast.tess, cast.noor):
        looker = Looker(user=staff, session_hash="s", store=cast.hilltop)
        scans.show_card(looker=looker, code=cast.membership.code, digits=None, at=NOON)

    found = Scan.objects.order_by("pk").values_list("membership", "outcome", "store")

    assert list(found) == [
        (cast.membership.pk, ScanOutcome.REFUSED, None),
        (None, ScanOutcome.UNKNOWN, None),
    ]


def test_a_reward_that_does_not_exist_is_refused():
    cast = make_cast()
    buy(cast, 50000)
    before = rows()

    with pytest.raises(offers.RewardNotAvailableError) as refused:
        redemptions.redeem_reward(
            deed=deed(cast.sam),
            membership_id=cast.membership.pk,
            reward_id=2**31,
            scan_id=cast.scan(at=NOON),
        )

    assert (refused.value.state, rows()) == (OfferState.ENDED, before)


def test_a_repeat_after_the_visit_still_returns_the_first_redemption():
    cast = make_cast()
    buy(cast, 50000)
    scan = cast.scan(at=NOON + MINUTE)
    first = redeem(cast, at=NOON + 10 * MINUTE, key="lost-answer", scan=scan)
    before = rows()

    again = redeem(cast, at=NOON + 12 * MINUTE, key="lost-answer", scan=scan)

    assert (again, rows(), balance(cast)) == (first, before, 300)


def test_a_repeat_after_the_visit_with_another_reward_is_refused():
    cast = make_cast()
    buy(cast, 50000)
    scan = cast.scan(at=NOON + MINUTE)
    redeem(cast, at=NOON + 10 * MINUTE, key="lost-answer", scan=scan)
    other = make_reward(cast.card, "Mug", 10)

    with pytest.raises(RepeatDiffersError):
        redeem(cast, other, at=NOON + 12 * MINUTE, key="lost-answer", scan=scan)

    assert balance(cast) == 300


@pytest.mark.req("R10.2")
@pytest.mark.parametrize("is_used", [True, False])
def test_a_claim_that_is_over_is_no_right_to_spend_and_may_still_earn(is_used):
    cast = make_cast()
    buy(cast, 100000)
    started = start(cast)
    if is_used:
        scan = show(cast, started.token).scan_id
        redemptions.redeem_claim(
            deed=deed(cast.sam),
            claim_id=started.claim.pk,
            membership_id=cast.membership.pk,
            scan_id=scan,
        )
    left, later = balance(cast), NOON + timedelta(hours=30)

    shown = show(cast, started.token, at=later, session="another")
    with pytest.raises(standing.ScanTooOldError):
        redeem(cast, at=later, scan=shown.scan_id)
    buy(cast, 100, at=later, scan=shown.scan_id)

    assert (shown.landing, shown.is_fresh) == (Landing.COUNTER, False)
    assert balance(cast) == left + 1
