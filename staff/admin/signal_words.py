"""Signals in one plain sentence each, with the facts; what is worth a look accuses nobody."""

from typing import Any, assert_never

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from loyalty.analytics.models import Signal, SignalKind
from loyalty.ledger.models import Source
from loyalty.users.models import User
from loyalty.web.money import count, money


def name_of(person: User | None) -> str:
    """Return who it was."""
    return person.get_full_name() if person else _("the system")


def sentence(signal: Signal) -> str:
    """Return what was seen, in one sentence.

    ``signal`` should come with its people and its member loaded.
    """
    facts = signal.facts
    words = {
        "person": name_of(signal.actor),
        "colleague": name_of(signal.colleague),
        "member": signal.membership.member.full_name() if signal.membership else "",
        "count": count(facts["count"]),
        "points": count(abs(facts.get("points", 0))),
    }
    match SignalKind(signal.kind):
        case SignalKind.MANY_AWARDS:
            text = ngettext(
                "%(person)s booked %(count)s awards for %(member)s within %(minutes)s minute:"
                " %(points)s points.",
                "%(person)s booked %(count)s awards for %(member)s within %(minutes)s minutes:"
                " %(points)s points.",
                facts["minutes"],
            )
            words["minutes"] = count(facts["minutes"])
        case SignalKind.NEAR_CAP:
            text = _(
                "%(person)s moved points close to the limit of %(cap)s, %(count)s times in a week."
            )
            words["cap"] = count(facts["cap"])
        case SignalKind.OWN_CARD:
            text = _own_card(facts)
        case SignalKind.IN_TURNS:
            text = _(
                "In one week %(person)s booked %(given)s awards for %(colleague)s,"
                " and %(colleague)s %(taken)s for %(person)s."
            )
            words |= {name: count(facts[name]) for name in ("given", "taken")}
        case SignalKind.UNDONE_REWARDS:
            text = _(
                "%(person)s undid %(count)s rewards in a week after they were handed out:"
                " %(points)s points went back."
            )
        case SignalKind.TWO_SOURCES:
            text = _(
                "%(member)s has two bookings of %(amount)s within a day from two sources"
                " (%(first)s, %(second)s): it may be one sale."
            )
            words |= _doors(facts)
        case SignalKind.REFUSED_SCANS:
            text = _(
                "%(count)s scans by %(person)s came to nothing on one day"
                " (unknown codes: %(unknown)s, cards of another club: %(elsewhere)s)."
            )
            words |= {name: count(facts[name]) for name in ("unknown", "elsewhere")}
        case unknown:
            assert_never(unknown)
    return text % words


def _own_card(facts: dict[str, Any]) -> str:
    if facts.get("tried"):
        return _("%(person)s looked up their own card at the counter %(count)s times on one day.")
    return ngettext(
        "%(person)s booked %(count)s time on the card of %(member)s, which is their own or has"
        " their e-mail.",
        "%(person)s booked %(count)s times in a week on the card of %(member)s, which is their own"
        " or has their e-mail.",
        facts["count"],
    )


def _doors(facts: dict[str, Any]) -> dict[str, str]:
    first, second = (str(Source(source).label) for source in facts["sources"])
    return {
        "amount": money(facts["amount_minor"], facts["currency"]),
        "first": first,
        "second": second,
    }


def innocent(kind: str) -> str:
    """Return what else it may be: most of what is worth a look has a plain reason."""
    return {
        SignalKind.MANY_AWARDS: _("A round of drinks paid one by one looks the same."),
        SignalKind.NEAR_CAP: _("A limit that is too low for the usual goodwill looks the same."),
        SignalKind.OWN_CARD: _(
            "A shared family address, or a wrong tap in a list, looks the same."
        ),
        SignalKind.IN_TURNS: _("Colleagues who have lunch where they work look the same."),
        SignalKind.UNDONE_REWARDS: _("Somebody new who taps the wrong reward looks the same."),
        SignalKind.TWO_SOURCES: _(
            "Two equal purchases look the same. Both were booked; undo one if it was one sale."
        ),
        SignalKind.REFUSED_SCANS: _("A cracked screen or an old printed card looks the same."),
    }[SignalKind(kind)]
