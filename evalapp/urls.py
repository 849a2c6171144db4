"""The machine side's addresses."""

from django.urls import URLPattern, URLResolver, include, path, re_path

from evalapp.views import accounts, home, run_comparison, run_files, run_prices, runs, systems, tasksets

tasksets_urls = [
    path("", tasksets.overview, name="list"),
    path("import/", tasksets.import_file, name="import"),
    path("<int:task_set_id>/", tasksets.detail, name="detail"),
    path("<int:task_set_id>/samples/<int:sample_id>/", tasksets.sample, name="sample"),
    re_path(r"^images/(?P<sha256>[0-9a-f]{64})/$", tasksets.image, name="image"),
]

systems_urls = [
    path("", systems.overview, name="list"),
    path("import/", systems.import_file, name="import"),
    path("models.toml", systems.export, name="export"),
    path("models/<int:model_id>/price/", systems.price, name="price"),
]

runs_urls = [
    path("", runs.overview, name="list"),
    path("new/", runs.new, name="new"),
    path("compare/", run_comparison.compare, name="compare"),
    path("<int:run_id>/", runs.detail, name="detail"),
    path("<int:run_id>/generations/<int:generation_id>/", runs.generation, name="generation"),
    path("<int:run_id>/log.jsonl", run_files.log, name="log"),
    path("<int:run_id>/training.zip", run_files.distillation, name="distillation"),
    path("<int:run_id>/prices/", run_prices.prices, name="prices"),
    path("<int:run_id>/pause/", runs.pause, name="pause"),
    path("<int:run_id>/resume/", runs.resume, name="resume"),
    path("<int:run_id>/cancel/", runs.cancel, name="cancel"),
    path("<int:run_id>/retry/", runs.retry, name="retry"),
]

accounts_urls = [
    path("sign-in/", accounts.sign_in, name="sign-in"),
    path("sign-in/<str:token>/", accounts.sign_in_link, name="sign-in-link"),
    path("sign-out/", accounts.sign_out, name="sign-out"),
    path("account/", accounts.account, name="account"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home.overview, name="home"),
    *accounts_urls,
    path("tasksets/", include((tasksets_urls, "tasksets"))),
    path("systems/", include((systems_urls, "systems"))),
    path("runs/", include((runs_urls, "runs"))),
]
