"""Who may see what: decided here for every page of the site. What you may not see is 404."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponseBase

from evalapp.models import Account
from evalapp.models.accounts import Role

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def signed_in_required(view: View[P]) -> View[P]:
    """Anybody with an account; who is signed out is asked to sign in and comes back."""
    return _for_roles(view, frozenset(Role))


def organiser_required(view: View[P]) -> View[P]:
    """Organisers only."""
    return _for_roles(view, frozenset({Role.ORGANISER}))


def researcher_required(view: View[P]) -> View[P]:
    """Researchers, and organisers, who may do all that a researcher may."""
    return _for_roles(view, frozenset({Role.RESEARCHER, Role.ORGANISER}))


def account_of(request: HttpRequest) -> Account:
    """The account that is signed in; for views behind one of the decorators above."""
    if not isinstance(request.user, Account):
        raise TypeError("this view is not behind a decorator that asks for an account")
    return request.user


def _for_roles(view: View[P], roles: frozenset[Role]) -> View[P]:
    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if account_of(request).role not in roles:
            raise Http404
        return view(request, *args, **kwargs)

    return guarded
