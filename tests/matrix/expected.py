"""What each route answers to each kind of person; a route without an entry fails the test.

A row names who may open it; everybody else gets the answer of a page that does not exist.
"""

from typing import Any

from tests.matrix.dashboard import DASHBOARD
from tests.matrix.rows import EVERYBODY, SIGNED_IN, STAFF, Row
from tests.matrix.world import Side


def _scan(side: Side) -> dict[str, Any]:
    return {"scan_id": side.scan_id}


def _held(side: Side) -> dict[str, Any]:
    return {"membership_id": side.membership.pk}


def _deed(side: Side) -> dict[str, Any]:
    return {"transaction_id": side.purchase.pk}


def _sold(side: Side) -> dict[str, Any]:
    return _scan(side) | _deed(side)


def _paid(side: Side) -> dict[str, Any]:
    return _scan(side) | {"transaction_id": side.payment.pk}


def _claim(side: Side) -> dict[str, Any]:
    return {"claim_id": side.claim.pk}


def _card(side: Side) -> dict[str, Any]:
    return {"card_id": side.card.pk}


ONLY_STAFF = frozenset({"staff"})
ONLY_MEMBER = frozenset({"member"})
DONE = frozenset({200, 302})
FORM_AGAIN = frozenset({200, 302, 400, 405, 409, 422})


def _at_counter(*, canary: bool = True, **extra: Any) -> Row:
    return Row(ONLY_STAFF, _scan, shows_canary=canary, **extra)


def _counter_post() -> Row:
    return Row(ONLY_STAFF, _scan, method="post", good=FORM_AGAIN)


SITE = {
    "site:home": Row(EVERYBODY),
    "site:business": Row(EVERYBODY),
    "site:privacy": Row(EVERYBODY),
    "site:terms": Row(EVERYBODY),
    "site:manifest": Row(EVERYBODY),
    "site:sw": Row(EVERYBODY),
    "site:join": Row(EVERYBODY, _card, good=DONE),
    "web:healthz": Row(EVERYBODY),
    "web:readyz": Row(EVERYBODY),
    "web:media": Row(frozenset(), lambda _side: {"path": "../secret"}, anonymous=frozenset({404})),
    "web:typed_code": Row(EVERYBODY, good=DONE),
    "web:after_sign_in": Row(SIGNED_IN, good=DONE),
    "set_language": Row(EVERYBODY, method="post", good=frozenset({204, 302})),
    "wallet:look": Row(EVERYBODY, _card),
}
CODES = {
    "web:show_card": Row(
        frozenset({"staff", "member", "stranger_staff", "owner", "support", "superuser"}),
        lambda side: {"code": side.membership.code},
        good=frozenset({302}),
        strangers=frozenset({302, 404}),
        anonymous=frozenset({200}),
    ),
    "web:show_claim": Row(
        frozenset({"staff", "member", "stranger_staff", "owner", "support", "superuser"}),
        lambda side: {"token": side.claim_token},
        good=frozenset({302}),
        strangers=frozenset({302, 404}),
    ),
}
WALLET = {
    "wallet:home": Row(SIGNED_IN),
    "wallet:cards": Row(SIGNED_IN),
    "wallet:looks": Row(EVERYBODY),
    # The page of one's account names the businesses that keep a record.
    "wallet:profile": Row(SIGNED_IN),
    "wallet:own_data": Row(SIGNED_IN, method="post"),
    "wallet:delete_data": Row(
        ONLY_MEMBER,
        lambda side: {"member_id": side.membership.member_id},
        shows_canary=True,
    ),
    "wallet:offline": Row(EVERYBODY),
    "wallet:link": Row(
        SIGNED_IN, lambda side: {"token": side.link_token}, good=frozenset({200, 404, 409})
    ),
    "wallet:card": Row(ONLY_MEMBER, _held, shows_canary=True),
    "wallet:version": Row(ONLY_MEMBER, _held),
    "wallet:fragment": Row(ONLY_MEMBER, _held, shows_canary=True),
    "wallet:history": Row(ONLY_MEMBER, _held, shows_canary=True),
    "wallet:deed": Row(ONLY_MEMBER, lambda side: _held(side) | _deed(side), shows_canary=True),
    "wallet:replace_code": Row(ONLY_MEMBER, _held, shows_canary=True),
    "wallet:start_claim": Row(
        ONLY_MEMBER,
        lambda side: _held(side) | {"reward_id": side.reward.pk},
        method="post",
        good=FORM_AGAIN,
    ),
    "wallet:check_in": Row(ONLY_MEMBER, _held, method="post", good=FORM_AGAIN),
    "wallet:recommend": Row(ONLY_MEMBER, _held, shows_canary=True),
    "wallet:birthday": Row(ONLY_MEMBER, _held, shows_canary=True),
    # Hangs at a door in public: whoever signs in may see whose door it is.
    "wallet:door": Row(SIGNED_IN, lambda side: {"code": side.store.check_in_code}),
    "wallet:claim": Row(ONLY_MEMBER, _claim, good=DONE),
    "wallet:claim_state": Row(ONLY_MEMBER, _claim),
}
COUNTER = {
    # Opens for the invited person alone; who else holds the link learns nothing of the business.
    "staff:invited": Row(
        frozenset({"owner"}),
        lambda side: {"token": side.invited_token},
        shows_canary=True,
        strangers=frozenset({403}),
    ),
    "staff:home": Row(STAFF),
    # Without a store of their own, everybody is led to the counter's door, which is shut.
    "staff:store": Row(STAFF, method="post", good=DONE, strangers=DONE),
    "staff:scan": Row(STAFF),
    "staff:not_your_club": Row(STAFF, good=frozenset({404})),
    "staff:unknown_code": Row(STAFF, good=frozenset({404})),
    "staff:own_card": Row(STAFF, good=frozenset({200, 403, 404, 409})),
    "staff:search": Row(STAFF),
    "staff:member": Row(ONLY_STAFF, _held, method="post", good=FORM_AGAIN),
    "staff:enrol": Row(STAFF),
    "staff:counter": _at_counter(),
    "staff:preview": _at_counter(canary=False, query="amount=12.40", good=frozenset({200})),
    "staff:rewards": _at_counter(),
    "staff:pay": _at_counter(),
    "staff:pay_preview": _at_counter(canary=False, query="amount=12.40&unit=POINTS"),
    "staff:rest": Row(ONLY_STAFF, _paid, shows_canary=True),
    "staff:rest_preview": Row(ONLY_STAFF, _paid, query="amount=12.40"),
    "staff:refunds": _at_counter(),
    "staff:park_refund": _counter_post(),
    "staff:refund": Row(ONLY_STAFF, _sold, shows_canary=True),
    "staff:refund_preview": Row(ONLY_STAFF, _sold, query="amount=1"),
    "staff:link": Row(ONLY_STAFF, _scan, method="post", good=FORM_AGAIN),
    "staff:award": _counter_post(),
    "staff:points": _counter_post(),
    "staff:give": _counter_post(),
    "staff:redeem": _counter_post(),
    # The scan was of a card, not of a claim.
    "staff:claim": Row(ONLY_STAFF, _scan, method="post", good=frozenset({404})),
    "staff:voucher": _counter_post(),
    "staff:result": Row(ONLY_STAFF, _deed, shows_canary=True),
    "staff:undo": Row(ONLY_STAFF, _deed, method="post", good=FORM_AGAIN),
    "staff:lock": Row(EVERYBODY, method="post", good=DONE),
    # Nobody signed in on this device: everybody is led to the full sign-in.
    "staff:switch": Row(EVERYBODY, method="post", good=frozenset({302})),
    "staff:set_pin": Row(STAFF),
    "staff:slip": Row(STAFF, good=DONE),
    "staff:training": Row(STAFF),
    "staff:start_training": Row(STAFF, method="post", good=FORM_AGAIN),
}
# The account pages are the library's and hold nothing of any partner.
ACCOUNT_PREFIXES = ("account_", "mfa_")

EXPECTED: dict[str, Row] = SITE | CODES | WALLET | COUNTER | DASHBOARD
