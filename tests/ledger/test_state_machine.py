"""All deeds in any order against a model in plain Python; it prints how often each of them ran."""

import os

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import (
    run_state_machine_as_test,
)

from tests.ledger.machine_forbidden import Forbidden
from tests.ledger.machine_office import InTheOffice

LEAST = 20


class Ledger(InTheOffice, Forbidden):
    """Two members of a café with tiers, one of a points-only gym, and a clock that jumps."""


DEEDS = (
    *("award purchase", "award points", "give points", "adjust", "redeem reward", "start claim"),
    *("redeem claim", "issue voucher", "use voucher", "remove voucher", "change tier"),
    *("change status", "publish rules", "enrol", "link guest", "replace code", "book expiry"),
    "book voucher expiry",
    *("undo own latest", "roll back latest", "reverse any", "repeat"),
)
REFUSED = (
    *("MembershipNotActiveError", "MembershipNotFoundError", "NotAllowedError"),
    *("NotEnoughPointsError", "SOLD_OUT", "LIMIT_REACHED", "TIER_TOO_LOW", "LimitReachedError"),
    *("ReceiptAlreadyUsedError", "TooManyPointsError", "AboveCapError"),
    *("VoucherNotReadyError", "VoucherNotFoundError", "VoucherUsedError", "TierUnchangedError"),
    *("StatusUnchangedError", "ClaimUsedError", "ClaimExpiredError", "NotTheLatestError"),
    *("AlreadyUndoneError", "UndoTimeOverError", "PointsAlreadySpentError", "RepeatDiffersError"),
    *("NothingToAdjustError", "NothingToAwardError", "WrongCurrencyError"),
    *("AmountTooLargeError", "ScanTooOldError"),
)


@pytest.mark.slow
@pytest.mark.django_db
@pytest.mark.req("R11.2")
def test_all_deeds_in_any_order_leave_what_the_model_says(capsys):
    is_long = os.environ.get("HYPOTHESIS_PROFILE") == "long"
    runs = settings(
        max_examples=1000 if is_long else 20,
        stateful_step_count=50,
        # Each round must be another one, or further rounds would add nothing.
        derandomize=False,
        database=None,
        # Making a failure smaller takes minutes: only at night, or when asked for.
        phases=set(Phase) - ({Phase.shrink, Phase.explain} if not is_long else set()),
    )
    wanted = [*DEEDS, *(f"refused: {name}" for name in REFUSED)]
    Ledger.counts.clear()

    for _ in range(10):
        run_state_machine_as_test(Ledger, settings=runs)
        if all(Ledger.counts[name] >= LEAST for name in wanted):
            break

    with capsys.disabled():
        print("\nHow often each deed and each refusal ran:")
        del Ledger.counts["turns"]
        for name, count in sorted(Ledger.counts.items()):
            print(f"  {count:6}  {name}")
    assert {name: Ledger.counts[name] for name in wanted if Ledger.counts[name] < LEAST} == {}
