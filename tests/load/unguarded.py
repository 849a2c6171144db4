"""The product without its look at who has the seat, for the twin that must fail."""

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()

from raters.rating import judging  # noqa: E402 - models can be imported once Django is set up


def _always(*_: object) -> bool:
    return True


setattr(judging, "_counts", _always)  # noqa: B010 - a function of another shape, on purpose
