"""The guide for new staff: three steps on a practice card, on the real counter pages (FA16)."""

from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from clubs.access import clubs_for_staff
from clubs.models import Club
from loyalty.ledger.models import Source
from loyalty.members.models import Membership
from loyalty.operations import practice
from loyalty.operations.enrolments import EnrolmentNotAllowedError
from loyalty.operations.practice import Names, PracticeStep
from loyalty.web.qr import card_address
from loyalty.web.refusals import REFUSALS
from loyalty.web.requests import current_store, deed, signed_in
from staff.doors import staff_page
from staff.forms import DeedForm
from staff.pages import page


@dataclass(frozen=True, slots=True, kw_only=True)
class GuideStep:
    """One step of the guide: what to do, how, and whether it was done."""

    words: str
    help: str
    is_done: bool


@staff_page
@require_GET
def training(request: HttpRequest) -> HttpResponse:
    """Show the three steps, with those ticked that the person has done, and the practice card."""
    return _show(request, DeedForm())


@staff_page
@require_POST
def start_training(request: HttpRequest) -> HttpResponse:
    """Give the person a new practice card; the former one is left behind."""
    form = DeedForm(request.POST)
    if not form.is_valid():
        return _show(request, form)
    try:
        practice.start(
            deed=deed(
                request,
                source=Source.SCAN,
                store=None,
                request_id=form.cleaned_data["request_id"],
            ),
            club_id=_club(request).pk,
            names=Names(
                card=_("Practice card"), customer=_("Practice"), reward=_("Practice reward")
            ),
        )
    except EnrolmentNotAllowedError as error:
        raise Http404 from error
    except REFUSALS as error:
        form.refuse(error)
        return _show(request, form)
    return redirect("staff:training")


def _club(request: HttpRequest) -> Club:
    """Return the club that the person works in today, else the first one.

    :raises Http404: if they work in none any more.
    """
    store = current_store(request)
    clubs = list(clubs_for_staff(user=signed_in(request)))
    chosen = [club for club in clubs if store is not None and club.pk == store.club_id]
    if not clubs:
        raise Http404
    return (chosen or clubs)[0]


def _show(request: HttpRequest, form: DeedForm) -> HttpResponse:
    user, club = signed_in(request), _club(request)
    held = practice.card_of(user_id=user.pk, club_id=club.pk)
    done = practice.steps_done(user_id=user.pk, clubs=clubs_for_staff(user=user))
    context: dict[str, Any] = {
        "steps": _steps(done, held),
        "is_finished": practice.is_finished(done),
        "held": held,
        "address": card_address(held.code) if held else "",
        "form": form,
    }
    status = form.status if form.is_bound else 200
    store = current_store(request)
    return page(request, "staff/training.html", context, store=store, club=club, status=status)


def _steps(done: frozenset[PracticeStep], held: Membership | None) -> list[GuideStep]:
    """Return the steps in words, in the order in which a visit goes."""
    is_points_only = held is not None and held.card.is_points_only
    award = (
        _("Open the practice card, type some points and give them.")
        if is_points_only
        else _("Open the practice card, type what the customer paid, and book it.")
    )
    return [
        GuideStep(
            words=_("Give points"),
            help=award,
            is_done=PracticeStep.AWARD in done,
        ),
        GuideStep(
            words=_("Hand out a reward"),
            help=_("Open the card again, tap Redeem, and hand the reward out."),
            is_done=PracticeStep.REDEEM in done,
        ),
        GuideStep(
            words=_("Undo a mistake"),
            help=_("On the page of a result, tap Undo. The balance is as it was before."),
            is_done=PracticeStep.UNDO in done,
        ),
    ]
