"""A fresh scan, a printed card or a confirmed search is the right to spend, and codes lead home."""

import pytest

from clubs.models import StaffMember
from loyalty.ledger.models import Source
from loyalty.members import codes
from loyalty.members.models import Scan, ScanOutcome
from loyalty.operations import scans, standing
from loyalty.operations.scans import Landing, Looker
from loyalty.users.models import User
from tests.cast import NOON, make_cast, make_club, make_manager, make_partner, make_staff, make_user
from tests.operations.claims import MINUTE, start
from tests.operations.counter import balance, buy, redeem, rich_cast

pytestmark = pytest.mark.django_db


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
        (cast.membership.pk, ScanOutcome.REFUSED, cast.hilltop.pk),
        (None, ScanOutcome.UNKNOWN, cast.hilltop.pk),
    ]
