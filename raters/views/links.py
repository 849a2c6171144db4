"""Organisers make, renew and withdraw the links by which raters join."""

from dataclasses import dataclass

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from evalapp.views.access import account_of, organiser_required
from raters.forms import InviteForm
from raters.models import Study
from raters.people import inviting
from raters.people.inviting import Issued
from raters.studies.errors import StateRefused
from raters.views.studies import SAFE_OR_POST, study_or_404


@dataclass(frozen=True, slots=True)
class Link:
    """A link to hand to somebody; it is shown once, for only its hash is kept."""

    label: str
    address: str


@organiser_required
@require_http_methods(SAFE_OR_POST)
def invite(request: HttpRequest, study_id: int) -> HttpResponse:
    """Make links for new raters and show them once."""
    study = study_or_404(study_id)
    form = InviteForm(request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid():
        status = 422 if form.errors else 200
        return render(request, "studies/invite.html", {"study": study, "form": form}, status=status)
    try:
        issued = inviting.invite(
            study,
            count=form.cleaned_data["count"],
            days=form.cleaned_data["days"],
            actor=account_of(request).username,
            now=timezone.now(),
        )
    except StateRefused as refusal:
        messages.error(request, str(refusal))
        return redirect("studies:detail", study_id=study.pk)
    return _shown_once(request, study, issued)


@organiser_required
@require_POST
def reissue(request: HttpRequest, study_id: int, rater_id: int) -> HttpResponse:
    """A new link for a rater whose browser forgot them."""
    study = study_or_404(study_id)
    rater = get_object_or_404(study.raters, pk=rater_id)
    try:
        issued = inviting.reissue(rater, actor=account_of(request).username, now=timezone.now())
    except StateRefused as refusal:
        messages.error(request, str(refusal))
        return redirect("studies:detail", study_id=study.pk)
    return _shown_once(request, study, [issued])


@organiser_required
@require_POST
def withdraw(request: HttpRequest, study_id: int, invitation_id: int) -> HttpResponse:
    """Make a link that nobody has used yet useless."""
    study = study_or_404(study_id)
    invitation = get_object_or_404(study.invitations, pk=invitation_id)
    if inviting.revoke(invitation, actor=account_of(request).username, now=timezone.now()):
        messages.success(request, "The link is withdrawn.")
    else:
        messages.error(request, "The link has been used or withdrawn already.")
    return redirect("studies:detail", study_id=study.pk)


def _shown_once(request: HttpRequest, study: Study, issued: list[Issued]) -> HttpResponse:
    links = [
        Link(
            label=f"the link of {each.invitation.rater.pseudonym}"
            if each.invitation.rater
            else f"link {number}",
            address=join_address(request, each.token),
        )
        for number, each in enumerate(issued, start=1)
    ]
    context = {"study": study, "links": links, "expires_at": issued[0].invitation.expires_at}
    response = render(request, "studies/links.html", context)
    response["Cache-Control"] = "no-store"
    return response


def join_address(request: HttpRequest, token: str) -> str:
    """The whole address of an invitation, on the site's own address where one is set."""
    path = reverse("rating:join", args=[token])
    site: str = settings.SITE_ADDRESS
    return f"{site.rstrip('/')}{path}" if site else request.build_absolute_uri(path)
