"""The human side's addresses."""

from django.urls import include, path

from raters.views import correcting, downloads, invitations, links, rating, reports, skipping, studies
from raters.views.packing import packed

rating_urls = [
    path("join/<str:token>/", invitations.accept, name="join"),
    path("rate/<str:token>/", packed(rating.compare), name="compare"),
    path("rate/<str:token>/last/", packed(correcting.last), name="last"),
    path("rate/<str:token>/skip/", packed(skipping.skip_it), name="skip"),
    path("rate/<str:token>/picture/<str:seat_token>/", rating.image, name="image"),
]

studies_urls = [
    path("", studies.overview, name="list"),
    path("new/", studies.new, name="new"),
    path("<int:study_id>/", studies.detail, name="detail"),
    path("<int:study_id>/invite/", links.invite, name="invite"),
    path("<int:study_id>/reissue/<int:rater_id>/", links.reissue, name="reissue"),
    path("<int:study_id>/withdraw/<int:invitation_id>/", links.withdraw, name="withdraw"),
    path("<int:study_id>/pause/", studies.pause, name="pause"),
    path("<int:study_id>/resume/", studies.resume, name="resume"),
    path("<int:study_id>/close/", studies.close, name="close"),
]

reports_urls = [
    path("reports/", reports.overview, name="list"),
    path("studies/<int:study_id>/report/", reports.detail, name="detail"),
    path("studies/<int:study_id>/report/unseal/", reports.unseal, name="unseal"),
    path("studies/<int:study_id>/report/rebuild/", reports.rebuild, name="rebuild"),
    path("studies/<int:study_id>/report/ratings.csv", downloads.ratings, name="ratings"),
    path("studies/<int:study_id>/report/votes.csv", downloads.computed, {"name": "votes.csv"}, name="votes"),
    path(
        "studies/<int:study_id>/report/raters.csv", downloads.computed, {"name": "raters.csv"}, name="raters"
    ),
    path(
        "studies/<int:study_id>/report/report.json", downloads.computed, {"name": "report.json"}, name="json"
    ),
    path(
        "studies/<int:study_id>/report/report.html", downloads.computed, {"name": "report.html"}, name="html"
    ),
    path("studies/<int:study_id>/report/bundle.zip", downloads.bundle, name="bundle"),
    path("studies/<int:study_id>/report/training.zip", downloads.training, name="training"),
]

urlpatterns = [
    path("", include((rating_urls, "rating"))),
    path("studies/", include((studies_urls, "studies"))),
    path("", include((reports_urls, "reports"))),
]
