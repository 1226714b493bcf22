"""One table: each refusal of an operation, its stable code, its status, and its words.

Every sentence says what happened and what to do next; none of these wrote anything.
"""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cards.access import CardNotFoundError
from loyalty.ledger.models import Unit
from loyalty.members.access import MembershipNotFoundError as MembershipNotSeenError
from loyalty.members.models import MembershipStatus
from loyalty.operations import (
    adjustments,
    deeds,
    drafting,
    enrolments,
    guests,
    memberships,
    numbering,
    offers,
    purchases,
    receipts,
    redemptions,
    restoring,
    rollbacks,
    standing,
    tiers,
    vouchers,
)
from loyalty.rules import awards
from loyalty.rules.offers import OfferState
from loyalty.web import (
    refusals_bonuses,
    refusals_customers,
    refusals_groups,
    refusals_members,
    refusals_refunds,
    refusals_waiting,
)
from loyalty.web.money import count, money
from loyalty.web.refusal_rows import Row, Rows, says


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A refusal as interfaces show it: ``field`` is the form field it belongs beside, or empty."""

    code: str
    status: int
    message: str
    field: str = ""


def _limit(error: standing.LimitReachedError) -> str:
    return ngettext(
        "This card has reached the limit of %(limit)s in the last hour. Nothing was booked.",
        "This card has reached the limit of %(limit)s in the last %(hours)s hours."
        " Nothing was booked.",
        error.hours,
    ) % {"limit": error.limit, "hours": error.hours}


def _inactive(error: standing.MembershipNotActiveError) -> str:
    if error.status == MembershipStatus.BLOCKED:
        return _("This card is blocked. Nothing was booked. The manager can say why.")
    return _("This card was taken out of the programme. Nothing was booked.")


def _reward(error: offers.RewardNotAvailableError) -> str:
    return {
        OfferState.ENDED: _("This reward is no longer offered. Nothing was booked."),
        OfferState.NOT_STARTED: _("This reward is not offered yet. Nothing was booked."),
        OfferState.SOLD_OUT: _("This reward is sold out. Nothing was booked."),
        OfferState.LIMIT_REACHED: _("This member already had this reward. Nothing was booked."),
        OfferState.TIER_TOO_LOW: _("This reward is for a higher tier. Nothing was booked."),
    }.get(error.state, _("This reward cannot be had now. Nothing was booked."))


def _missing_points(error: drafting.NotEnoughPointsError) -> str:
    if error.unit == Unit.CREDIT:
        return _(
            "Not enough credit: %(available)s can be used, %(missing)s are missing."
            " Nothing was booked."
        ) % {
            "available": money(error.available, error.currency),
            "missing": money(error.missing, error.currency),
        }
    return _(
        "Not enough points: %(available)s can be used, %(missing)s are missing. Nothing was booked."
    ) % {"available": count(error.available), "missing": count(error.missing)}


def _already_member(error: enrolments.AlreadyMemberError) -> str:
    if error.field == "phone":
        return _("This phone number belongs to a member already. Find that card instead.")
    return _("This e-mail belongs to a member already. Find that card instead.")


def _above_cap(error: adjustments.AboveCapError) -> str:
    if error.given:
        return _(
            "You gave this member %(given)s in the last 24 hours; at most %(most)s more now."
        ) % {"given": count(error.given), "most": count(error.most)}
    return _("At most %(most)s at a time.") % {"most": count(error.most)}


def _number(error: numbering.CardNumberError) -> str:
    return {
        "taken": _("This card number is taken. Type another."),
        "missing": _("Type the card number: letters and digits only."),
        "exhausted": _("The series of card numbers has no more numbers. Tell the manager."),
    }.get(error.reason, _("This card number is not in stock. Take another card."))


_TABLE: Rows = {
    standing.MembershipNotFoundError: Row(
        code="not_found", status=404, words=says(lambda: _("There is no such member here."))
    ),
    standing.NotAllowedError: Row(
        code="not_allowed",
        status=403,
        words=says(lambda: _("You may not do this. Nothing was booked. Ask the manager.")),
    ),
    standing.OwnMembershipError: Row(
        code="own_membership",
        status=403,
        words=says(lambda: _("This is your own card. Ask a colleague. Nothing was booked.")),
    ),
    standing.ScanTooOldError: Row(
        code="scan_too_old",
        status=409,
        words=says(lambda: _("The scan is too old. Scan a fresh code. Nothing was booked.")),
    ),
    standing.MembershipNotActiveError: Row(
        code="membership_not_active", status=409, words=_inactive
    ),
    standing.CardNotOpenError: Row(
        code="card_not_open",
        status=409,
        words=says(lambda: _("This card is not in use right now. Nothing was booked.")),
    ),
    standing.LimitReachedError: Row(code="limit_reached", status=409, words=_limit),
    deeds.RepeatDiffersError: Row(
        code="repeat_differs",
        status=422,
        words=says(
            lambda: _("This page was used for something else already. Open it again, then book.")
        ),
    ),
    purchases.WrongCurrencyError: Row(
        code="wrong_currency",
        status=422,
        words=says(lambda: _("The card takes another currency. Nothing was booked.")),
        field="amount",
    ),
    purchases.PointsOnlyCardError: Row(
        code="points_only",
        status=422,
        words=says(lambda: _("On this card staff enter points, not an amount.")),
        field="amount",
    ),
    purchases.AmountCardError: Row(
        code="amount_only",
        status=422,
        words=says(lambda: _("On this card staff enter an amount, not points.")),
        field="points",
    ),
    purchases.NothingToAwardError: Row(
        code="nothing_to_award",
        status=422,
        words=says(lambda: _("Type an amount above zero.")),
        field="amount",
    ),
    awards.AmountTooLargeError: Row(
        code="amount_too_large",
        status=422,
        words=says(lambda: _("The amount is above what one purchase may be on this card.")),
        field="amount",
    ),
    awards.TooManyPointsError: Row(
        code="too_many_points",
        status=422,
        words=lambda error: _("At most %(most)s at a time.") % {"most": count(error.most)},
        field="points",
    ),
    awards.BasketDoesNotSumError: Row(
        code="basket_does_not_sum",
        status=422,
        words=says(lambda: _("The lines do not sum to the bill. Nothing was booked.")),
        field="amount",
    ),
    receipts.ReceiptNeedsStoreError: Row(
        code="receipt_needs_store",
        status=422,
        words=says(lambda: _("Choose your store first; a receipt belongs to a store.")),
        field="receipt",
    ),
    receipts.ReceiptAlreadyUsedError: Row(
        code="receipt_used",
        status=409,
        words=says(lambda: _("This receipt was booked already. Nothing was booked now.")),
        field="receipt",
    ),
    drafting.NotEnoughPointsError: Row(
        code="not_enough_points", status=409, words=_missing_points, field="points"
    ),
    offers.RewardNotAvailableError: Row(
        code="reward_not_available", status=409, words=_reward, field="reward"
    ),
    redemptions.ClaimNotFoundError: Row(
        code="claim_not_found",
        status=404,
        words=says(lambda: _("This code is not known. Nothing was booked.")),
    ),
    redemptions.ClaimExpiredError: Row(
        code="claim_expired",
        status=409,
        words=says(
            lambda: _("This code has expired. Ask the member to start again. Nothing was booked.")
        ),
    ),
    redemptions.ClaimUsedError: Row(
        code="claim_used",
        status=409,
        words=says(lambda: _("This reward was handed out already. Nothing was booked now.")),
    ),
    vouchers.VoucherNotFoundError: Row(
        code="voucher_not_found",
        status=404,
        words=says(lambda: _("There is no such voucher. Nothing was booked.")),
    ),
    vouchers.VoucherNotReadyError: Row(
        code="voucher_not_ready",
        status=409,
        words=says(lambda: _("This voucher was used or has expired. Nothing was booked now.")),
    ),
    adjustments.AboveCapError: Row(
        code="above_cap",
        status=422,
        words=_above_cap,
        field="points",
    ),
    adjustments.NothingToAdjustError: Row(
        code="nothing_to_adjust",
        status=422,
        words=says(lambda: _("Type a number other than zero.")),
        field="points",
    ),
    tiers.TierNotFoundError: Row(
        code="tier_not_found",
        status=404,
        words=says(lambda: _("There is no such tier any more.")),
        field="tier",
    ),
    tiers.TierUnchangedError: Row(
        code="tier_unchanged",
        status=409,
        words=says(lambda: _("The member is in this tier already.")),
        field="tier",
    ),
    rollbacks.NothingToUndoError: Row(
        code="nothing_to_undo",
        status=409,
        words=says(lambda: _("There is nothing to undo. Nothing was changed.")),
    ),
    rollbacks.AlreadyUndoneError: Row(
        code="already_undone",
        status=409,
        words=says(lambda: _("This was undone already. Nothing was changed now.")),
    ),
    rollbacks.NotTheLatestError: Row(
        code="not_the_latest",
        status=409,
        words=says(
            lambda: _("Something was booked after it. Undo that first. Nothing was changed.")
        ),
    ),
    rollbacks.UndoTimeOverError: Row(
        code="undo_time_over",
        status=409,
        words=says(lambda: _("The time to undo is over. Ask the manager. Nothing was changed.")),
    ),
    rollbacks.VoucherUsedError: Row(
        code="voucher_used",
        status=409,
        words=says(lambda: _("A voucher that came with it was used since. Nothing was changed.")),
    ),
    restoring.PointsAlreadySpentError: Row(
        code="points_already_spent",
        status=409,
        words=says(lambda: _("Its points were spent since. Undo that first. Nothing was changed.")),
    ),
    memberships.StatusUnchangedError: Row(
        code="status_unchanged",
        status=409,
        words=says(lambda: _("This was done already. Nothing was changed now.")),
    ),
    enrolments.EnrolmentNotAllowedError: Row(
        code="enrolment_not_allowed",
        status=403,
        words=says(lambda: _("You may not enrol members for this card.")),
    ),
    enrolments.MemberQuotaError: Row(
        code="member_quota",
        status=409,
        words=lambda error: (
            _(
                "The limit of %(limit)s members is reached. Nobody was enrolled."
                " The owner can raise it."
            )
            % {"limit": count(error.limit)}
        ),
    ),
    enrolments.AlreadyMemberError: Row(
        code="already_member", status=409, words=_already_member, field="phone"
    ),
    numbering.CardNumberError: Row(code="card_number", status=422, words=_number, field="number"),
    enrolments.ConsentMissingError: Row(
        code="consent_missing",
        status=422,
        words=says(
            lambda: _("Agree to the privacy text first; nobody becomes a member without it.")
        ),
        field="consent",
    ),
    guests.LinkNotUsableError: Row(
        code="link_not_usable",
        status=404,
        words=says(
            lambda: _("This link was used or is too old. Ask at the counter for a new one.")
        ),
    ),
    guests.OwnLinkError: Row(
        code="own_link",
        status=403,
        words=says(lambda: _("You made this link. The member opens it on their own phone.")),
    ),
    guests.NotAGuestError: Row(
        code="not_a_guest",
        status=409,
        words=says(lambda: _("This card has its own sign-in already.")),
    ),
    CardNotFoundError: Row(
        code="not_found", status=404, words=says(lambda: _("There is no such card."))
    ),
    MembershipNotSeenError: Row(
        code="not_found", status=404, words=says(lambda: _("There is no such card."))
    ),
}

# Areas with tables of their own are merged here: _TABLE |= refusals_of_that_area.ROWS
_TABLE |= refusals_bonuses.ROWS
_TABLE |= refusals_customers.ROWS
_TABLE |= refusals_groups.ROWS
_TABLE |= refusals_members.ROWS
_TABLE |= refusals_refunds.ROWS
_TABLE |= refusals_waiting.ROWS
REFUSALS: tuple[type[Exception], ...] = tuple(_TABLE)


def refusal_of(error: Exception) -> Refusal:
    """Return how interfaces show this refusal, in the reader's language.

    :raises KeyError: if the error is none of REFUSALS.
    """
    row = _TABLE[type(error)]
    field = getattr(error, "field", "") or row.field
    return Refusal(code=row.code, status=row.status, message=row.words(error), field=field)
