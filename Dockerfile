# The portal as one image: web by default, worker and migrate by their commands (docker-compose.yml).
FROM python:3.13-slim AS build
WORKDIR /build
COPY requirements/main.txt .
RUN python -m venv /opt/portal \
 && /opt/portal/bin/python -m pip install --no-cache-dir --require-hashes -r main.txt

FROM python:3.13-slim
ENV PATH=/opt/portal/bin:$PATH \
    PORTAL_DATA_DIR=/data \
    PYTHONUNBUFFERED=1 \
    UV_PYTHON_DOWNLOADS=never
RUN useradd --uid 10001 --create-home portal \
 && install --directory --owner=portal --group=portal /data
COPY --from=build /opt/portal /opt/portal
WORKDIR /srv/portal
COPY . .
RUN python -m compileall -q integrations matrix portal
USER 10001
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD \
    ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/health/', timeout=4)"]
# WEB_CONCURRENCY is gunicorn's own variable for the number of processes. No --preload: processes
# that are forked must not share the pool of connections.
ENV WEB_CONCURRENCY=2
CMD ["sh", "-c", "python manage.py check --deploy --fail-level WARNING && exec gunicorn portal.wsgi --bind 0.0.0.0:8000 --threads 4 --worker-tmp-dir /dev/shm --access-logfile -"]
