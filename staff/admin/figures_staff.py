"""What each person did: awards, rewards handed out, corrections, undone deeds, and signals."""

from collections import defaultdict
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from loyalty.analytics import figures, reading, signals
from loyalty.analytics.reading import Window
from loyalty.ledger.models import Kind
from loyalty.members.models import VoucherStatus
from loyalty.operations.standing import EARNING_KINDS
from loyalty.sheets.writing import Column
from loyalty.users.models import User
from staff.admin import charts, tables
from staff.admin.charts import Chart
from staff.admin.figure_asks import PERSON, Ask
from staff.admin.figure_pages import Content, address
from staff.admin.figure_words import Figure, Question
from staff.admin.tables import Cell, Table

BY = ("actor_id", "deed", "aspect", "is_undoing")
# More people than this are no table to read; the file has them all.
MOST_SHOWN = 100


@dataclass(slots=True, kw_only=True)
class Doer:
    """What one person did; what they undid may be somebody else's deed."""

    awards: int = 0
    points: int = 0
    rewards: int = 0
    adjustments: int = 0
    undone: int = 0
    signals: int = 0

    @property
    def deeds(self) -> int:
        """Return how much they did altogether."""
        return self.awards + self.rewards + self.adjustments

    def add(self, row: dict[str, object], count: int, points: int) -> None:
        """Add the sums of one sort of deed."""
        deed = row["deed"]
        if row["is_undoing"]:
            self.undone += count
        elif deed in EARNING_KINDS:
            self.awards += count
            self.points += points
        elif (deed, row["aspect"]) in HANDED_OUT:
            self.rewards += count
        elif deed == Kind.ADJUSTMENT:
            self.adjustments += count


HANDED_OUT = frozenset({(Kind.REDEMPTION, ""), (Kind.VOUCHER, VoucherStatus.USED)})


def staff(asked: Ask) -> Content:
    """Return what each person did in a span, whoever did most first."""
    doers = _doers(asked)
    if not doers:
        return Content(is_empty=True, compares=False)
    people = User.objects.in_bulk([pk for pk in doers if pk is not None])
    ranked = sorted(doers.items(), key=lambda one: (-one[1].deeds, -one[1].undone, one[0] or 0))
    names = {pk: person.get_full_name() for pk, person in people.items()}
    deeds = sum(one.deeds for one in doers.values())
    undone = sum(one.undone for one in doers.values())
    share = figures.share(undone, deeds)
    return Content(
        compares=False,
        questions=[
            Question(
                title=_("Who does what?"),
                figures=[
                    Figure(label=_("People"), text=charts.counts(len(people))),
                    Figure(label=_("Awards, rewards and corrections"), text=charts.counts(deeds)),
                    Figure(
                        label=_("Undone"),
                        text=charts.counts(undone),
                        help="" if share is None else tables.percentage(share),
                    ),
                ],
                help=_("A deed that is undone counts for whoever undid it, on that day."),
                more=reverse("admin:analytics_signal_changelist"),
                more_words=_("Signals"),
            )
        ],
        charts=[_people(asked, ranked, names)],
    )


def _doers(asked: Ask) -> dict[int | None, Doer]:
    window = Window(name="now", span=asked.span)
    rows = reading.read(asked.scope, lambda reader: reader.sums([window], by=BY))
    found: dict[int | None, Doer] = defaultdict(Doer)
    for row in rows:
        found[row["actor_id"]].add(row, row["deed_count"], row["points_in"] - row["points_out"])
    for person, tally in signals.by_actor(scope=asked.scope, span=asked.span).items():
        found[person].signals = tally.found
    return {pk: doer for pk, doer in found.items() if doer != Doer()}


def _people(asked: Ask, ranked: list[tuple[int | None, Doer]], names: dict[int, str]) -> Chart:
    title = _("By person")
    return Chart(
        name="people",
        title=title,
        is_wide=True,
        help=_("A name leads to the figures of that person. A signal is worth a look."),
        table=Table(
            caption=title,
            most=MOST_SHOWN,
            columns=[
                Column(_("Person")),
                tables.number(_("Awards")),
                tables.number(_("Given: %(unit)s") % {"unit": asked.unit}),
                tables.number(_("Rewards handed out")),
                tables.number(_("Corrections")),
                tables.number(_("Undone")),
                tables.number(_("Undone, in %")),
                tables.number(_("Signals")),
            ],
            rows=[[_name(asked, pk, names), *_cells(doer)] for pk, doer in ranked],
        ),
    )


def _cells(doer: Doer) -> list[Cell]:
    counts = (doer.awards, doer.points, doer.rewards, doer.adjustments, doer.undone)
    share = figures.share(doer.undone, doer.deeds)
    told = [tables.count(value) for value in counts]
    return [*told, tables.percent(share), tables.count(doer.signals)]


def _name(asked: Ask, pk: int | None, names: dict[int, str]) -> Cell:
    """Return who it is, leading to the figures of that person; what nobody did has no page."""
    if pk is None:
        words = _("by itself: tills, feeds and the clock")
        return tables.text(words)
    link = address("overview", asked, query=asked.with_place(PERSON, pk))
    return Cell(raw=names[pk], text=names[pk], address=link)
