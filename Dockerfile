# One image for every process of the site; what it does is the command given to it.
FROM python:3.13-slim AS packages
COPY requirements/base.txt /tmp/base.txt
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --require-hashes -r /tmp/base.txt

FROM python:3.13-slim
RUN useradd --system --create-home --home-dir /srv/data coop
COPY --from=packages /opt/venv /opt/venv
WORKDIR /srv/coop
COPY . .
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    COOP_PUBLIC=1 \
    COOP_DATA_DIR=/srv/data
RUN COOP_SECRET_KEY=only-for-collecting-files COOP_HOSTS=localhost \
    python manage.py collectstatic --noinput
USER coop
EXPOSE 8000
CMD ["gunicorn", "coop.wsgi", "--bind=0.0.0.0:8000", "--workers=3", "--threads=4", "--no-control-socket"]
