# One image for web, worker, scheduler and migrations; the command says which.
ARG BASE=python:3.13-slim-bookworm

FROM ${BASE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /srv/app
COPY requirements.lock ./
RUN python3 -m venv /srv/venv \
    && /srv/venv/bin/python -m pip install --require-hashes --no-deps -r requirements.lock
COPY . ./
# The key is needed to read the settings and is used for nothing here.
RUN SECRET_KEY=only-while-building VAR_DIR=/srv/var /srv/venv/bin/python manage.py collectstatic --noinput \
    && /srv/venv/bin/python -m compileall -q config evalapp raters operating

FROM ${BASE}
ENV PATH=/srv/venv/bin:$PATH PYTHONUNBUFFERED=1 VAR_DIR=/srv/var HOST=0.0.0.0 PORT=8000
RUN groupadd --gid 10001 app && useradd --uid 10001 --gid app --no-create-home app
COPY --from=build /srv/venv /srv/venv
COPY --from=build /srv/app /srv/app
COPY --from=build --chown=10001:10001 /srv/var /srv/var
WORKDIR /srv/app
USER 10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=6s --start-period=20s CMD ["python", "-m", "operating", "healthy"]
CMD ["python", "-m", "operating", "web"]
