"""What each dashboard route answers: foreign rows do not exist, a small role is refused."""

from typing import Any

from django.utils import timezone

from cards.models import Tag, WhatIf
from tests.matrix import customers
from tests.matrix.objects import MASTERS, OBJECTS, RULES, Arguments, first, of, with_signal
from tests.matrix.rows import MANAGERS, NOBODY, OWN_DASHBOARD, OWN_WRITERS, Row
from tests.matrix.world import Side

ROOT = frozenset({"superuser"})
LISTING_WRITERS = frozenset({"owner", "foreign_owner", "superuser"})
INSIDE = frozenset({"owner", "support", "superuser"})
FOUND = frozenset({200})
MOVED = frozenset({302})
# What every manager reads and owners write; what only owners read and write; what nobody writes.
WRITTEN = ("cards_card", "cards_plan", "cards_reward", "clubs_club", "clubs_store")
OWNERS = ("clubs_manager", "clubs_staffmember")
READ = (
    "ledger_entry",
    "ledger_lot",
    "ledger_parkedrefund",
    "ledger_transaction",
    "ledger_waitingadjustment",
)
GROUP = "members_membershipgroup"
MACHINE = ("django_q_failure", "django_q_schedule")


def _row(
    allowed: frozenset[str],
    arguments: Arguments | None = None,
    *,
    listing: bool = False,
    **more: Any,
) -> Row:
    """Return a row in which managers of the partner with too small a role get a 403."""
    inside = MANAGERS if listing else INSIDE
    shows = bool(allowed & OWN_DASHBOARD)
    facts: dict[str, Any] = {"forbidden": inside - allowed, "shows_canary": shows} | more
    return Row(allowed, arguments or (lambda _side: {}), **facts)


def _model(
    name: str, *, read: frozenset[str], write: frozenset[str], adds: frozenset[str] | None = None
) -> dict[str, Row]:
    """Return the standard routes of a model: nothing is ever deleted."""
    one = OBJECTS[name]
    listing = read | ({"foreign_owner"} if "owner" in read else NOBODY)
    adding = write | ({"foreign_owner"} if "owner" in write else NOBODY)
    added = adding if adds is None else adds
    return {
        f"admin:{name}_changelist": _row(listing, listing=True, shows_canary_to=OWN_DASHBOARD),
        f"admin:{name}_add": _row(added, listing=True, shows_canary=False),
        f"admin:{name}_change": _row(read, one),
        f"admin:{name}_delete": _row(NOBODY, one),
        # Who changed what is for owners to read.
        f"admin:{name}_history": _row(OWN_WRITERS, one, shows_canary=False),
    }


def _more_rules() -> dict[str, Row]:
    """Return the routes of master data and of a card's other rules."""
    rows: dict[str, Row] = {}
    for model in (*MASTERS, *RULES):
        name = f"cards_{model._meta.model_name}"
        rows |= _model(name, read=OWN_DASHBOARD, write=OWN_WRITERS)
        if model in RULES:
            rows[f"admin:{name}_delete"] = _row(OWN_WRITERS, OBJECTS[name])
    return rows


def _models() -> dict[str, Row]:
    rows: dict[str, Row] = _more_rules()
    for name in WRITTEN:
        rows |= _model(name, read=OWN_DASHBOARD, write=OWN_WRITERS)
    for name in OWNERS:
        rows |= _model(name, read=OWN_WRITERS, write=OWN_WRITERS)
    for name in READ:
        rows |= _model(name, read=OWN_DASHBOARD, write=NOBODY)
    for name, one in (
        ("clubs_manager", of(lambda side: side.invited_manager)),
        ("clubs_staffmember", of(lambda side: side.invited_staff)),
    ):
        rows[f"admin:{name}_invitation"] = _row(OWN_WRITERS, one)
    rows |= _model("clubs_partner", read=OWN_WRITERS, write=OWN_WRITERS, adds=ROOT)
    rows |= _model("audit_auditevent", read=OWN_WRITERS, write=NOBODY)
    rows |= _signals()
    rows |= _model("members_membership", read=OWN_DASHBOARD, write=NOBODY)
    # Adding a membership is registering a customer.
    rows["admin:members_membership_add"] = _row(
        LISTING_WRITERS, listing=True, shows_canary_to=frozenset({"owner", "superuser"})
    )
    rows |= _model("imports_upload", read=OWN_WRITERS, write=NOBODY, adds=LISTING_WRITERS)
    rows |= _model(GROUP, read=OWN_DASHBOARD, write=NOBODY)
    # Adding a group is forming one of members there are.
    rows[f"admin:{GROUP}_add"] = _row(
        LISTING_WRITERS, listing=True, shows_canary_to=frozenset({"owner", "superuser"})
    )
    # The address of a membership is its account page.
    rows["admin:members_membership_change"] = _row(
        OWN_DASHBOARD, OBJECTS["members_membership"], good=frozenset({302}), shows_canary=False
    )
    # With one card a new plan is on it; with several the page asks for the card.
    rows["admin:cards_plan_add"] = _row(
        LISTING_WRITERS, listing=True, shows_canary=False, good=frozenset({200, 302})
    )
    return rows


def _signals() -> dict[str, Row]:
    """Return the routes of signals: for owners, who note that they have looked."""
    rows = _model("analytics_signal", read=OWN_WRITERS, write=NOBODY)
    one = OBJECTS["analytics_signal"]
    rows["admin:analytics_signal_changelist"] = _row(
        LISTING_WRITERS,
        with_signal,
        listing=True,
        shows_canary_to=frozenset({"owner"}),
    )
    rows["admin:analytics_signal_seen"] = _row(
        OWN_WRITERS, one, method="post", good=MOVED, shows_canary=False
    )
    return rows


def _machine() -> dict[str, Row]:
    """Return what only a superuser sees; to managers these rows do not exist."""
    rows: dict[str, Row] = {}
    for name in (*MACHINE, "jobs_job", "users_user"):
        one = OBJECTS[name]
        has_one = name not in MACHINE
        seen = ROOT if has_one else NOBODY
        canary: dict[str, Any] = {"shows_canary": name == "users_user"}
        rows[f"admin:{name}_changelist"] = _row(ROOT, listing=True, **canary)
        rows[f"admin:{name}_add"] = _row(NOBODY, listing=True)
        rows[f"admin:{name}_change"] = Row(seen, one, **canary)
        rows[f"admin:{name}_delete"] = Row(NOBODY, one, forbidden=seen)
        rows[f"admin:{name}_history"] = Row(seen, one)
    return rows


def _held(side: Side) -> dict[str, Any]:
    return {"membership_id": side.membership.pk}


def _deeds() -> dict[str, Row]:
    everybody = (
        "account",
        "adjust",
        "adjust_credit",
        "guest_link",
        "note",
        "pay",
        "replace_code",
        "spend",
        "tag",
    )
    owners = (
        "data",
        "block",
        "erase",
        "extend",
        "facts",
        "merge",
        "remove",
        "restore",
        "roll_back",
        "tier",
    )
    rows = {f"admin:members_membership_{name}": _row(OWN_DASHBOARD, _held) for name in everybody}
    rows |= {f"admin:members_membership_{name}": _row(OWN_WRITERS, _held) for name in owners}
    rows["admin:members_membership_remove_voucher"] = _row(
        OWN_WRITERS, lambda side: _held(side) | {"voucher_id": side.voucher.pk}
    )
    rows["admin:members_membership_remove_note"] = _row(
        OWN_DASHBOARD, lambda side: _held(side) | {"note_id": side.note.pk}
    )
    rows["admin:members_membership_remove_tag"] = _row(
        OWN_DASHBOARD, lambda side: _held(side) | {"tag_id": first(Tag)(side)["object_id"]}
    )
    rows["admin:members_membership_refund"] = _row(
        OWN_DASHBOARD, lambda side: _held(side) | {"transaction_id": side.purchase.pk}
    )
    rows["admin:members_membership_merge_with"] = _row(
        OWN_WRITERS, lambda side: _held(side) | {"other_id": side.guest.pk}
    )
    one = OBJECTS[GROUP]
    rows[f"admin:{GROUP}_join"] = _row(OWN_WRITERS, one)
    for name in ("head", "leave"):
        rows[f"admin:{GROUP}_{name}"] = _row(
            OWN_WRITERS, lambda side: one(side) | {"membership_id": side.group.head_id}
        )
    rows["admin:ledger_parkedrefund_drop"] = _row(OWN_WRITERS, OBJECTS["ledger_parkedrefund"])
    waiting = OBJECTS["ledger_waitingadjustment"]
    for name in ("approve", "decline"):
        rows[f"admin:ledger_waitingadjustment_{name}"] = _row(OWN_WRITERS, waiting)
    rows["admin:ledger_waitingadjustment_withdraw"] = _row(OWN_DASHBOARD, waiting)
    rows["admin:members_membership_deed"] = _row(
        OWN_DASHBOARD, lambda side: _held(side) | {"transaction_id": side.purchase.pk}
    )
    rows["admin:members_membership_reverse"] = _row(
        ROOT, lambda side: _held(side) | {"transaction_id": side.purchase.pk}
    )
    return rows


CARD_PAGES = ("posters", "screen", "publish", "tester", "what_if")


def _what_if(side: Side) -> WhatIf:
    facts = {"partner": side.partner, "terms": {}, "days": 7, "asked_at": timezone.now()}
    return WhatIf.objects.get_or_create(card=side.card, defaults=facts)[0]


def _card_pages() -> dict[str, Row]:
    one = OBJECTS["cards_card"]
    rows = {f"admin:cards_card_{name}": _row(OWN_DASHBOARD, one) for name in CARD_PAGES}
    rows["admin:cards_card_plans"] = _row(
        OWN_DASHBOARD, one, good=frozenset({302}), shows_canary=False
    )
    rows["admin:cards_card_poster"] = _row(
        OWN_DASHBOARD, lambda side: one(side) | {"kind": "poster"}, shows_canary=False
    )
    rows["admin:cards_card_what_if_result"] = _row(
        OWN_DASHBOARD, lambda side: one(side) | {"run_id": _what_if(side).pk}
    )
    rows["admin:cards_card_numbers"] = _row(OWN_WRITERS, one)
    for name in ("numbers_csv", "numbers_pdf"):
        rows[f"admin:cards_card_{name}"] = _row(OWN_WRITERS, one, shows_canary=False)
    return rows


def _imports() -> dict[str, Row]:
    one = OBJECTS["imports_upload"]
    kind = {"kind": "adjustment", "form": "csv"}
    return {
        "admin:imports_upload_template": _row(
            LISTING_WRITERS, lambda _side: kind, listing=True, shows_canary=False
        ),
        "admin:imports_upload_errors": _row(OWN_WRITERS, lambda side: one(side) | {"form": "csv"}),
    }


def _views() -> dict[str, Row]:
    name = "admin:members_membership_view"
    return {
        name: _row(OWN_DASHBOARD, customers.view_of, good=MOVED, shows_canary=False),
        f"{name}_add": Row(MANAGERS, query="state=guest"),
        f"{name}_edit": _row(OWN_DASHBOARD, customers.view_of, shows_canary=False),
    }


def _exports() -> dict[str, Row]:
    name = "admin:members_membership_export"
    return {
        name: _row(LISTING_WRITERS, listing=True, shows_canary=False),
        f"{name}_result": _row(OWN_WRITERS, customers.export_of, shows_canary=False),
        f"{name}_file": _row(OWN_WRITERS, customers.export_of, shows_canary=False, method="post"),
    }


def _doors() -> dict[str, Row]:
    one = OBJECTS["clubs_store"]
    return {
        "admin:clubs_store_door": _row(OWN_DASHBOARD, one),
        "admin:clubs_store_door_poster": _row(OWN_DASHBOARD, one, shows_canary=False),
        "admin:clubs_store_door_renew": _row(OWN_WRITERS, one, good=MOVED, shows_canary=False),
    }


def _figures() -> dict[str, Row]:
    """Return the pages of figures, which are about the business of whoever asks, and their files.

    Whoever is only to help members looks at figures, takes none away and sees none of people.
    """
    own: dict[str, Any] = {"listing": True, "shows_canary_to": OWN_DASHBOARD - ROOT}
    takers: dict[str, Any] = {"listing": True, "shows_canary": False}
    rows: dict[str, Row] = {}
    for name, table in FIGURES.items():
        readers = LISTING_WRITERS if name in FIGURES_OF_PEOPLE else MANAGERS
        rows[f"admin:figures_{name}"] = _row(readers, **own)
        rows[f"admin:figures_{name}_csv"] = _row(LISTING_WRITERS, _table(table), **takers)
    return rows


def _table(name: str) -> Arguments:
    return lambda _side: {"name": name}


# A table that each page of figures has.
FIGURES = {
    "overview": "transactions",
    "customers": "often",
    "habits": "cohorts",
    "tiers": "moves",
    "worth": "worth-eur",
    "owed": "roll-points",
    "rewards": "rewards",
    "sources": "sources",
    "staff": "people",
    "times": "hours",
}
FIGURES_OF_PEOPLE = frozenset({"staff"})

DASHBOARD: dict[str, Row] = {
    **_models(),
    **_machine(),
    **_deeds(),
    **_card_pages(),
    **_doors(),
    **_figures(),
    **_imports(),
    **_exports(),
    **_views(),
    "admin:index": Row(MANAGERS, shows_canary_to=OWN_DASHBOARD - ROOT),
    "admin:app_list": Row(ROOT, lambda _side: {"app_label": "clubs"}),
    "admin:autocomplete": Row(NOBODY, forbidden=MANAGERS),
    "admin:search": Row(NOBODY),
    "admin:jsi18n": Row(MANAGERS),
    "admin:view_on_site": Row(NOBODY, lambda _side: {"content_type_id": 1, "object_id": 1}),
    # Signing in, out and choosing passwords happens on the account pages.
    "admin:login": Row(frozenset(), strangers=MOVED),
    "admin:logout": Row(MANAGERS, good=MOVED),
    "admin:password_change": Row(MANAGERS, good=MOVED),
    "admin:password_change_done": Row(MANAGERS, good=MOVED),
}
