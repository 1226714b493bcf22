"""The pages of figures, in the order of their tabs. Importing this module opens them."""

from django.utils.translation import gettext_lazy as _

from staff.admin.figure_pages import FigurePage, add
from staff.admin.figures_overview import overview
from staff.admin.figures_owed import owed
from staff.admin.figures_rewards import rewards
from staff.admin.figures_sources import sources
from staff.admin.figures_staff import staff
from staff.admin.figures_times import times
from staff.admin.powers import EDITORS

PAGES = (
    FigurePage(slug="overview", words=_("Overview"), icon="monitoring", made=overview),
    FigurePage(slug="rewards", words=_("Rewards"), icon="redeem", made=rewards),
    FigurePage(slug="owed", words=_("What you owe"), icon="account_balance", made=owed),
    FigurePage(slug="sources", words=_("Sources"), icon="input", made=sources),
    FigurePage(slug="times", words=_("Times"), icon="schedule", made=times),
    FigurePage(slug="staff", words=_("Staff"), icon="badge", made=staff, roles=EDITORS),
)
add(PAGES)
