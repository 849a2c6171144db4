"""Signing in, by a one-time link or by name and password, signing out, and one's own account."""

from django.contrib import messages
from django.contrib.auth import login, update_session_auth_hash
from django.contrib.auth.forms import PasswordChangeForm, SetPasswordForm
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from evalapp.accounts import signing_in
from evalapp.accounts.signing_in import LinkState
from evalapp.views.access import account_of, signed_in_required

#: In the session of whoever came by a link, who may have forgotten the password: it is not asked for.
BY_LINK = "signed_in_by_link"
BACKEND = "django.contrib.auth.backends.ModelBackend"

sign_in = LoginView.as_view(template_name="accounts/sign_in.html", redirect_authenticated_user=True)
sign_out = LogoutView.as_view(next_page="sign-in", http_method_names=["post", "options"])


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_link(request: HttpRequest, token: str) -> HttpResponse:
    """Show what the link is for; only its button uses it up, so that a preview of the address does not."""
    now = timezone.now()
    state = signing_in.state_of(token, now=now)
    if state is LinkState.GOOD and request.method == "POST":
        account = signing_in.use_link(token, now=now)
        if account is not None:
            login(request, account, backend=BACKEND)
            request.session[BY_LINK] = True
            return redirect("home")
        state = LinkState.USED
    status = {LinkState.GOOD: 200, LinkState.UNKNOWN: 404}.get(state, 410)
    return render(request, "accounts/sign_in_link.html", {"state": state.value}, status=status)


@signed_in_required
@require_http_methods(["GET", "HEAD", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    """One's name and role, and a password to sign in with when no link is at hand."""
    person = account_of(request)
    knows_it = person.has_usable_password() and not request.session.get(BY_LINK)
    form_of = PasswordChangeForm if knows_it else SetPasswordForm
    form = form_of(person, request.POST or None)
    if request.method == "POST" and form.is_valid():
        form.save()
        request.session.pop(BY_LINK, None)
        update_session_auth_hash(request, person)
        messages.success(request, "Your password is set. You can sign in with it from now on.")
        return redirect("account")
    return render(request, "accounts/account.html", {"form": form})
