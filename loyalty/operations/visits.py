"""What a counter page shows of a visit, foretold by the same checks and rules as the deeds."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from loyalty.ledger.models import Transaction
from loyalty.members.models import Voucher, VoucherStatus, pooled
from loyalty.operations import enrolments, offers, purchases, scans
from loyalty.operations.deeds import Deed, one_transaction
from loyalty.operations.enrolments import Consent, Person
from loyalty.operations.limits import check_earning_limits
from loyalty.operations.offers import RewardOffer
from loyalty.operations.purchases import Bill
from loyalty.operations.scans import Looker, Shown
from loyalty.operations.standing import (
    EARNING_KINDS,
    Standing,
    check_may_serve,
    check_may_spend,
    check_not_own,
    check_open,
    look,
)
from loyalty.rules.awards import Award
from loyalty.rules.terms import Direction

# A second scan of the same card so soon after a booking is most likely the same purchase.
ASK_AGAIN = timedelta(minutes=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A member at the counter: what they have, what they can have, and what stands in the way.

    ``earning_refusal`` and ``spending_refusal`` are the errors that the deeds would raise now.
    """

    standing: Standing
    offers: list[RewardOffer]
    vouchers: list[Voucher]
    just_booked: Transaction | None
    earning_refusal: Exception | None
    spending_refusal: Exception | None

    @property
    def ready_count(self) -> int:
        """Return how many things could be handed out for what the member has."""
        return sum(offer.is_ready for offer in self.offers) + len(self.vouchers)

    @property
    def takes_buys(self) -> bool:
        """Return whether what the shop buys from the member earns something (FA2)."""
        standing = self.standing
        return standing.terms_id is not None and any(
            plan.direction == Direction.BUY for plan in standing.terms.plans
        )


def visit(*, deed: Deed, membership_id: int, scan_id: int) -> Visit:
    """Return what the counter page shows, in four statements; writes nothing.

    :raises MembershipNotFoundError: if there is no such membership.
    """
    standing = look(deed=deed, membership_id=membership_id, scan_id=scan_id)
    at = deed.occurred_at
    return Visit(
        standing=standing,
        offers=offers.listed(account=standing.account, available=standing.available, at=at),
        vouchers=_ready_vouchers(standing, at),
        just_booked=_just_booked(membership_id, at),
        earning_refusal=_first_refusal(
            standing, check_may_serve, check_not_own, check_open, check_earning_limits
        ),
        spending_refusal=_first_refusal(standing, check_may_spend, check_not_own, check_open),
    )


def _first_refusal(standing: Standing, *checks: Callable[[Standing], None]) -> Exception | None:
    for check in checks:
        try:
            check(standing)
        except (LookupError, PermissionError, ValueError) as error:
            return error
    return None


def _ready_vouchers(standing: Standing, at: datetime) -> list[Voucher]:
    ready = Voucher.objects.filter(
        Q(expires_at=None) | Q(expires_at__gt=at),
        pooled(standing.account.pk),
        status=VoucherStatus.ISSUED,
    )
    return list(ready.select_related("reward").order_by("pk"))


def _just_booked(membership_id: int, at: datetime) -> Transaction | None:
    booked = Transaction.objects.filter(
        membership_id=membership_id,
        kind__in=EARNING_KINDS,
        occurred_at__gt=at - ASK_AGAIN,
        reversal__isnull=True,
    )
    return booked.order_by("-occurred_at", "-pk").first()


def preview_purchase(
    *,
    deed: Deed,
    membership_id: int,
    bill: Bill,
    scan_id: int,
    direction: Direction = Direction.SALE,
) -> Award:
    """Return what a purchase or a buy would earn now, by the rules that would book it. R7.3, FA2.

    Raises what `purchases.purchase_earning` raises, and the errors of standing.
    """
    standing = _may_earn(deed, membership_id, scan_id)
    return purchases.purchase_earning(standing, bill, direction=direction).award


def preview_points(*, deed: Deed, membership_id: int, points: int, scan_id: int) -> Award:
    """Return what points entered on a points-only card would give now. Source: R9.2.

    Raises what `purchases.points_earning` raises, and the errors of standing.
    """
    return purchases.points_earning(_may_earn(deed, membership_id, scan_id), points).award


def _may_earn(deed: Deed, membership_id: int, scan_id: int) -> Standing:
    standing = look(deed=deed, membership_id=membership_id, scan_id=scan_id)
    check_may_serve(standing)
    check_not_own(standing)
    check_open(standing)
    check_earning_limits(standing)
    return standing


@one_transaction
def enrol_visitor(
    *,
    deed: Deed,
    looker: Looker,
    card_id: int,
    person: Person,
    consent: Consent,
    number: str = "",
    referral_code: str = "",
) -> Shown:
    """Make a guest with a card and open their visit, in one go; return the scan of the visit.

    Staff who write a member's data down with them have confirmed who it is. A repeat opens the
    first membership again. Raises what `enrolments.enrol_at_counter` raises.
    """
    membership = enrolments.enrol_at_counter(
        deed=deed,
        card_id=card_id,
        person=person,
        consent=consent,
        number=number,
        referral_code=referral_code,
    )
    return scans.choose_member(
        looker=looker,
        membership_id=membership.pk,
        is_phone_confirmed=person.is_phone_confirmed,
        at=deed.occurred_at,
    )
