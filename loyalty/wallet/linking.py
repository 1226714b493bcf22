"""Give people the records that partners keep under an e-mail they proved."""

import uuid

from allauth.account.models import EmailAddress
from django.utils import timezone

from loyalty.ledger.models import Source
from loyalty.members.models import Member
from loyalty.operations import guests
from loyalty.operations.deeds import Deed
from loyalty.users.models import User


def link_by_email(user: User) -> list[Member]:
    """Link every guest record that carries the person's e-mail, which a code just proved."""
    return guests.link_by_email(
        deed=Deed(
            actor=user,
            source=Source.WALLET,
            store=None,
            request_id=uuid.uuid4().hex,
            occurred_at=timezone.now(),
        )
    )


def link_proven_email(user: User) -> list[Member]:
    """Link by e-mail if the person proved it at some time; return what was linked."""
    proven = EmailAddress.objects.filter(user=user, email__iexact=user.email, verified=True)
    return link_by_email(user) if proven.exists() else []
