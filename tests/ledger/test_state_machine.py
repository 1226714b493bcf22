"""All deeds in any order against a model in plain Python; it prints how often each of them ran."""

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import (
    run_state_machine_as_test,
)

from tests.ledger.machine import IS_LONG
from tests.ledger.machine_days import BonusDay, CafeDay, FamilyDay, MoneyDay

ROUNDS = 30
# How often each deed and refusal must run at least where only few runs are made.
ENOUGH = 4


UNDOING = ("undo own latest", "roll back latest", "reverse any", "repeat", "book expiry")
NOT_UNDONE = (
    *("NotTheLatestError", "AlreadyUndoneError", "UndoTimeOverError", "PointsAlreadySpentError"),
    "RepeatDiffersError",
)
COUNTER = (
    *UNDOING,
    *("award purchase", "award points", "give points", "adjust", "redeem reward", "start claim"),
    *("redeem claim", "issue voucher", "use voucher", "remove voucher", "change tier"),
    *("change status", "publish rules", "enrol", "link guest", "replace code", "review tiers"),
    "book voucher expiry",
)
NOT_AT_THE_COUNTER = (
    *NOT_UNDONE,
    *("MembershipNotActiveError", "MembershipNotFoundError", "NotAllowedError"),
    *("NotEnoughPointsError", "SOLD_OUT", "LIMIT_REACHED", "TIER_TOO_LOW", "LimitReachedError"),
    *("ReceiptAlreadyUsedError", "TooManyPointsError", "AboveCapError"),
    *("VoucherNotReadyError", "VoucherNotFoundError", "VoucherUsedError", "TierUnchangedError"),
    *("StatusUnchangedError", "ClaimUsedError", "ClaimExpiredError"),
    *("NothingToAdjustError", "NothingToAwardError", "WrongCurrencyError"),
    *("AmountTooLargeError", "ScanTooOldError"),
)
MONEY = (
    *UNDOING,
    *("award purchase", "award basket", "award paid bill", "book buy", "adjust", "adjust credit"),
    *("pay with points", "pay with credit", "refund ALL", "refund PRO_RATA", "refund NONE"),
    *("refund by line", "park refund", "settle parked refund", "shortfall", "settle shortfall"),
    *("undone: PURCHASE", "undone: BUY", "undone: PAYMENT", "undone: REFUND"),
    "extend lots",
    "book expiry of credit",
)
NOT_FOR_MONEY = (
    *NOT_UNDONE,
    *("RefundedError", "ShortfallSettledError", "SaleUndoneError", "RefundExceedsPurchaseError"),
    *("ReturnedLinesError", "NothingToRefundError", "ClawbackTooLargeError"),
    *("PaymentNotOfferedError", "TooMuchMoneyError", "NothingToPayError", "LimitReachedError"),
    *("AmountTooLargeError", "ReceiptAlreadyUsedError", "NotEnoughPointsError"),
    *("ExtensionTooFarError", "NothingToExtendError"),
)
BONUSES = (
    *UNDOING,
    *("award purchase", "give points", "adjust", "check in", "bring somebody", "redeem reward"),
    *("use voucher", "refund", "full card", "fired: REGISTRATION", "fired: FIRST_PURCHASE"),
    *("fired: THRESHOLD", "fired: VISITS", "fired: CHECK_IN", "released firing"),
    *("undone: PURCHASE", "change status"),
)
NO_BONUSES = (
    *NOT_UNDONE,
    *("CheckedInAlreadyError", "ReferralNotAllowedError SAME_CONTACT"),
    *("ReferralNotAllowedError NOT_ACTIVE", "ReferralNotAllowedError LIMIT"),
    *("MembershipNotActiveError", "VoucherUsedError", "SOLD_OUT", "LIMIT_REACHED"),
)
GROUPS = (
    *UNDOING,
    *("form group", "add to group", "leave group", "close group", "deed on a group's account"),
    *("award purchase", "adjust", "redeem reward", "issue voucher", "use voucher"),
    *("remove voucher", "touch a pooled voucher", "refund", "refund of a sale before the family"),
    "book expiry of credit",
)
NOT_IN_GROUPS = (
    *NOT_UNDONE,
    *("AlreadyInGroupError", "NotInGroupError", "GroupFullError", "GroupTooSmallError"),
    *("GroupNotFoundError", "MovedToGroupError", "NotEnoughPointsError", "LIMIT_REACHED"),
)


# Not measured: what these meet is luck, and measuring doubles their time.
@pytest.mark.no_cover
@pytest.mark.slow
@pytest.mark.django_db
@pytest.mark.req("R11.2")
@pytest.mark.parametrize(
    ("machine", "deeds", "refused", "least"),
    [
        pytest.param(CafeDay, COUNTER, NOT_AT_THE_COUNTER, 20, id="counter"),
        pytest.param(MoneyDay, MONEY, NOT_FOR_MONEY, 8, id="money"),
        pytest.param(BonusDay, BONUSES, NO_BONUSES, 8, id="bonuses"),
        pytest.param(FamilyDay, GROUPS, NOT_IN_GROUPS, 8, id="groups"),
    ],
)
def test_all_deeds_in_any_order_leave_what_the_model_says(machine, deeds, refused, least, capsys):
    runs = settings(
        # A thousand long runs among the four.
        max_examples=250 if IS_LONG else 6,
        stateful_step_count=50 if IS_LONG else 20,
        # Each round must be another one, or further rounds would add nothing.
        derandomize=False,
        database=None,
        # Making a failure smaller takes minutes: only at night, or when asked for.
        phases=set(Phase) - ({Phase.shrink, Phase.explain} if not IS_LONG else set()),
    )
    wanted = [*deeds, *(f"refused: {name}" for name in refused)]
    least = least if IS_LONG else ENOUGH
    machine.counts.clear()

    for _ in range(1 if IS_LONG else ROUNDS):
        run_state_machine_as_test(machine, settings=runs)
        if all(machine.counts[name] >= least for name in wanted):
            break

    with capsys.disabled():
        print(f"\nHow often each deed and each refusal ran ({machine.__name__}):")
        for name, count in sorted(machine.counts.items()):
            print(f"  {count:6}  {name}")
    assert {name: machine.counts[name] for name in wanted if machine.counts[name] < least} == {}
