"""The addresses the scan page names, for drawing it outside the product's own URLs."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path


def nothing(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("")


staff = ([path("", nothing, name="home"), path("search/", nothing, name="search")], "staff")
web = ([path("code/", nothing, name="typed_code")], "web")
urlpatterns = [path("staff/", include(staff)), path("", include(web))]
