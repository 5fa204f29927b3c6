# The application: web, worker and every command are this one image. Secrets come from the environment, never from here.
#   docker build -t clinic .
# What is built stands in docs/deploy.md for those who build without containers; it is the same.

FROM python:3.13-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /opt/clinic
# Packages first, each checked against its hash: a change of the code alone does not install them again.
RUN python -m venv /opt/packages
COPY requirements.txt .
RUN /opt/packages/bin/pip install --require-hashes -r requirements.txt
COPY . .
RUN /opt/packages/bin/python -c "from clinic.core import translations; translations.compile()" \
 && /opt/packages/bin/python -m compileall -q clinic migrations config.py wsgi.py

FROM python:3.13-slim-bookworm
RUN useradd --system --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin clinic
COPY --from=build /opt/packages /opt/packages
COPY --from=build /opt/clinic /opt/clinic
WORKDIR /opt/clinic
ENV PATH=/opt/packages/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    ENVIRONMENT=production HOST=0.0.0.0 PORT=8000
# The code is root's: the application may read it and nothing else.
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as web; web.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/health', timeout=4)"]
# The schema is brought up to date by a command of its own, once, before the new version starts:
#   docker run --rm -e ENVIRONMENT=production -e MIGRATION_DATABASE_URL=… clinic python -m clinic migrate
CMD ["python", "-m", "clinic", "serve"]
