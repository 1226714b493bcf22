"""Everything held about a customer as one file, for who asks what is held about them (access)."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from loyalty.audit import record
from loyalty.web import held_data
from loyalty.web.requests import address, signed_in
from staff.admin.account import AccountPage
from staff.admin.powers import EDITORS


class DataPage(AccountPage):
    """Say what is in the file; a POST answers it and writes down that it was fetched."""

    roles = EDITORS
    http_method_names = ["get", "head", "options", "post"]

    def get(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Show what the file holds."""
        return self.page("admin/account_data.html", {}, title=_("Personal data"))

    def post(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Answer the file."""
        member = self.membership.member
        record.record(
            action="personal data fetched",
            subject=member,
            partner_id=member.partner_id,
            actor_id=signed_in(request).pk,
            address=address(request),
        )
        data = held_data.archive(members=[member.pk], user=None, at=timezone.now())
        answer = HttpResponse(data, content_type="application/zip")
        name = f"customer-{member.code}.zip"
        answer["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer
