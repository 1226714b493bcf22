"""The person behind the cards: their name and language, and a guest's record taken over."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from loyalty.ledger.models import Source
from loyalty.members.codes import read_token
from loyalty.members.models import Member
from loyalty.operations import guests
from loyalty.wallet.adapter import remember_language
from loyalty.wallet.forms import ProfileForm
from loyalty.web import held_data, pace
from loyalty.web.refusals import refusal_of
from loyalty.web.requests import deed, new_request_id, signed_in

MOST_FILES = 10  # In one stretch: making one reads everything there is.


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """Show the person's account and keep their name and language."""
    user = signed_in(request)
    form = ProfileForm(request.POST if request.method == "POST" else None, instance=user)
    if request.method != "POST" or not form.is_valid():
        status = 422 if form.is_bound else 200
        # The form writes into its user; the header should show the name that is stored.
        user.name = form.initial.get("name", user.name)
        records = Member.objects.filter(user=user).select_related("partner")
        context = {"form": form, "records": records.order_by("partner__name", "pk")}
        return render(request, "wallet/profile.html", context, status=status)
    saved = form.save()
    messages.success(request, _("Saved."))
    response = redirect("wallet:profile")
    if "language" in form.cleaned_data:
        remember_language(response, saved.language)
    return response


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def link(request: HttpRequest, token: str) -> HttpResponse:
    """Ask, then give the record of a guest to the person who holds its one-time link."""
    if request.method != "POST":
        return render(request, "wallet/link.html")
    try:
        guests.link_by_token(
            deed=deed(request, source=Source.WALLET, request_id=new_request_id()),
            token=read_token(token) or "",
        )
    except (guests.LinkNotUsableError, guests.NotAGuestError) as error:
        refusal = refusal_of(error)
        return render(request, "wallet/link.html", {"refusal": refusal}, status=refusal.status)
    messages.success(request, _("The card is in your account now, with everything on it."))
    return redirect("wallet:home")


@login_required
@require_POST
def own_data(request: HttpRequest) -> HttpResponse:
    """Answer everything that is held about the person, of all businesses, as one file."""
    user = signed_in(request)
    if pace.is_too_fast("own-data", user.pk, most=MOST_FILES):
        messages.error(request, _("That was often. Wait a few minutes, then try again."))
        return redirect("wallet:profile")
    members = Member.objects.filter(user=user).values_list("pk", flat=True)
    data = held_data.archive(members=members, user=user, at=timezone.now())
    answer = HttpResponse(data, content_type="application/zip")
    answer["Content-Disposition"] = 'attachment; filename="my-data.zip"'
    return answer
