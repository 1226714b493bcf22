"""Headers on every answer, and trouble turned into words."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

Handler = Callable[[HttpRequest], HttpResponse]


def headers(get_response: Handler) -> Handler:
    def handle(request: HttpRequest) -> HttpResponse:
        return get_response(request)

    return handle


def translate_trouble(get_response: Handler) -> Handler:
    return headers(get_response)
