"""Short ways with a claim in a test: Mia starts it, Sam is shown it and hands out."""

from datetime import timedelta

from loyalty.ledger.models import Source
from loyalty.operations import redemptions, scans
from loyalty.operations.scans import Looker
from tests.cast import NOON, deed

MINUTE = timedelta(minutes=1)


def start(cast, reward=None, *, at=NOON, actor=None):
    return redemptions.start_claim(
        deed=deed(actor or cast.mia, Source.WALLET, at=at),
        membership_id=cast.membership.pk,
        reward_id=(reward or cast.reward).pk,
    )


def show(cast, token, *, at=NOON, staff=None, session="session"):
    looker = Looker(user=staff or cast.sam, session_hash=session, store=cast.old_port)
    return scans.show_claim(looker=looker, token=token, at=at)


def hand_out(cast, claim, scan_id, *, at=NOON, key=""):
    return redemptions.redeem_claim(
        deed=deed(cast.sam, at=at, key=key),
        claim_id=claim.pk,
        membership_id=cast.membership.pk,
        scan_id=scan_id,
    )
