"""The pages of figures, in the order of their tabs. Importing this module opens them."""

from django.utils.translation import gettext_lazy as _

from staff.admin.figure_pages import FigurePage, add
from staff.admin.figures_customers import customers, habits
from staff.admin.figures_overview import overview
from staff.admin.figures_owed import owed
from staff.admin.figures_rewards import rewards
from staff.admin.figures_sources import sources
from staff.admin.figures_staff import staff
from staff.admin.figures_tiers import tiers
from staff.admin.figures_times import times
from staff.admin.figures_worth import worth
from staff.admin.powers import EDITORS

PAGES = (
    FigurePage(slug="overview", words=_("Overview"), made=overview),
    FigurePage(slug="customers", words=_("Customers"), made=customers),
    FigurePage(slug="habits", words=_("Habits"), made=habits),
    FigurePage(slug="tiers", words=_("Tiers"), made=tiers),
    FigurePage(slug="rewards", words=_("Rewards"), made=rewards),
    FigurePage(slug="worth", words=_("Worth"), made=worth),
    FigurePage(slug="owed", words=_("What you owe"), made=owed),
    FigurePage(slug="times", words=_("Times"), made=times),
    FigurePage(slug="sources", words=_("Sources"), made=sources),
    FigurePage(slug="staff", words=_("Staff"), made=staff, roles=EDITORS),
)
add(PAGES)
