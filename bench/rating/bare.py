"""A bare Django view: the statements of answering and of getting the next comparison, and nothing around."""

import secrets

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path

settings.ROOT_URLCONF = __name__
settings.MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
]
application = get_wsgi_application()

from django.utils import timezone  # noqa: E402 - models can be imported once Django is set up

from raters import queries  # noqa: E402
from raters.rating.blinding import blind_comparison  # noqa: E402
from raters.rating.judging import submit  # noqa: E402
from raters.rating.leasing import Held, claim  # noqa: E402
from raters.rating.tokens import lease_of, page_token  # noqa: E402

CHANCE = secrets.SystemRandom()


def answer_and_next(request: HttpRequest, token: str) -> HttpResponse:
    """Store what is posted; answer with the next comparison's lease and texts."""
    rater = queries.rater_by_token(token)
    if rater is None or rater.pk not in request.session.get("raters", []):
        return HttpResponse(status=404)
    if request.method == "POST":
        lease = lease_of(request.POST["lease_token"], rater_id=rater.pk)
        answers = {"overall": request.POST["choice-overall"]}
        submit(rater_id=rater.pk, lease=lease, answers=answers, now=timezone.now())
    held = claim(rater_id=rater.pk, now=timezone.now(), chance=CHANCE)
    if not isinstance(held, Held):
        return HttpResponse("nothing")
    comparison = blind_comparison(held.seat_id)
    lease_token = page_token(held.lease, rater_id=rater.pk)
    return HttpResponse(f'name="lease_token" value="{lease_token}"{comparison.left}{comparison.right}')


urlpatterns = [path("rate/<str:token>/", answer_and_next)]
