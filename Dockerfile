# Three images from one file:
#   docker build --target runtime .   production (docker compose builds this one)
#   docker build --target portal .    the recipients' portal, without Airflow (docker compose builds this one, too)
#   docker build --target demo .      the same and the servers of the demonstration; never for production
# All stay on Python 3.11 and Debian 12, as developed and tested. Pin by digest for a site of your own:
#   --build-arg PYTHON_IMAGE=python@sha256:...
ARG PYTHON_IMAGE=python:3.11.15-slim-bookworm

# --- wheel of our packages ------------------------------------------------------------------------------------
FROM ${PYTHON_IMAGE} AS builder
ENV UV_LINK_MODE=copy UV_NO_CACHE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /build
COPY scripts/uv.requirements.txt scripts/
RUN pip install --require-hashes -r scripts/uv.requirements.txt
COPY requirements.lock requirements.runtime.lock ./
# Dependencies before our own code: a change of ours does not install them again. No pip in what will run.
RUN python -m venv --without-pip /opt/venv \
 && uv pip sync --python /opt/venv/bin/python --require-hashes --compile-bytecode requirements.runtime.lock
COPY pyproject.toml README.md LICENSE ./
COPY anonymization anonymization
COPY expectations expectations
COPY plugins plugins
COPY config/codes config/codes
# The build tool itself is held to the hashes of the lock file, too.
RUN uv build --wheel --build-constraints requirements.lock --require-hashes --out-dir /dist . \
 && uv pip install --python /opt/venv/bin/python --no-deps --compile-bytecode /dist/*.whl

# --- production -----------------------------------------------------------------------------------------------
FROM ${PYTHON_IMAGE} AS runtime
# xorriso writes disc images, age is what recipients decrypt with (for trying a delivery on the spot), gnupg
# encrypts to partners who want OpenPGP, Pango and a Japanese font set the pages that are printed.
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
      age fontconfig fonts-ipafont-gothic gnupg libharfbuzz-subset0 libpangoft2-1.0-0 xorriso \
 && rm -rf /var/lib/apt/lists/*
# The zones belong to the account that runs; a named volume mounted there takes owner and mode from here, so no
# container has to start as root to put them right.
RUN useradd --uid 50000 --gid 0 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin airflow \
 && install -d -o 50000 -g 0 -m 0700 /var/lib/tokumei /var/lib/demo /var/log/airflow /run/queue \
 && for zone in landing quarantine vault store releases outbox staging incidents published ledger access previews portalkeys; do \
      install -d -o 50000 -g 0 -m 0700 /var/lib/tokumei/$zone; done
COPY --from=builder /opt/venv /opt/venv
# Root's files, read by everybody and written by nobody: what runs cannot change itself.
COPY dags /opt/airflow/dags
COPY plugins/provision_ui.py plugins/.airflowignore /opt/airflow/plugins/
COPY config /opt/airflow/tokumei-config
COPY scripts/airflow_init.py /opt/airflow/
ENV PATH=/opt/venv/bin:$PATH \
    HOME=/tmp \
    AIRFLOW_HOME=/opt/airflow \
    TOKUMEI_HOME=/var/lib/tokumei \
    TOKUMEI_CONFIG=/opt/airflow/tokumei-config
# Airflow writes a default airflow.cfg where there is none, with secrets it makes up; everything comes from the
# environment instead, so an empty one is put there.
RUN echo '# Everything is set by environment variables: docker-compose.yml.' > /opt/airflow/airflow.cfg \
 && python -m compileall -q /opt/airflow
WORKDIR /opt/airflow
USER 50000:0
CMD ["airflow", "version"]

# --- demonstration --------------------------------------------------------------------------------------------
FROM builder AS demo-builder
RUN uv pip sync --python /opt/venv/bin/python --require-hashes --compile-bytecode requirements.lock \
 && uv pip install --python /opt/venv/bin/python --no-deps --compile-bytecode /dist/*.whl

FROM runtime AS demo
USER root
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends openssh-server \
 && rm -rf /var/lib/apt/lists/* /etc/ssh/ssh_host_*
COPY --from=demo-builder /opt/venv /opt/venv
COPY demo /opt/airflow/demo
RUN python -m compileall -q /opt/airflow/demo
USER 50000:0

# --- recipients' portal ---------------------------------------------------------------------------------------
FROM builder AS portal-builder
COPY requirements.portal.lock ./
# Only what this lock file names: no Airflow, no engine that could read a table.
RUN rm -rf /opt/venv && python -m venv --without-pip /opt/venv \
 && uv pip sync --python /opt/venv/bin/python --require-hashes --compile-bytecode requirements.portal.lock \
 && uv pip install --python /opt/venv/bin/python --no-deps --compile-bytecode /dist/*.whl

FROM ${PYTHON_IMAGE} AS portal
RUN useradd --uid 50000 --gid 0 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin portal \
 && install -d -o 50000 -g 0 -m 0700 /var/lib/tokumei \
 && for zone in portal portalkeys previews ledger access; do \
      install -d -o 50000 -g 0 -m 0700 /var/lib/tokumei/$zone; done
COPY --from=portal-builder /opt/venv /opt/venv
COPY config /opt/tokumei/config
ENV PATH=/opt/venv/bin:$PATH HOME=/tmp TOKUMEI_HOME=/var/lib/tokumei TOKUMEI_CONFIG=/opt/tokumei/config
WORKDIR /opt/tokumei
USER 50000:0
CMD ["tokumei", "portal", "--host", "0.0.0.0"]

# --- the default target is production -------------------------------------------------------------------------
FROM runtime
