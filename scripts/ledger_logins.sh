#!/usr/bin/env bash
# The logins of the provision log's database: pages and the portal write entries, tasks also keep checkpoints.
# PostgreSQL's image runs this once, as the administrator, when its volume is new.
set -euo pipefail
psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" \
    -v pages="$LEDGER_PAGES_PASSWORD" -v portal="$LEDGER_PORTAL_PASSWORD" -v tasks="$LEDGER_TASKS_PASSWORD" <<'SQL'
CREATE ROLE tokumei_pages LOGIN PASSWORD :'pages' IN ROLE tokumei_writer;
CREATE ROLE tokumei_portal LOGIN PASSWORD :'portal' IN ROLE tokumei_writer;
CREATE ROLE tokumei_tasks LOGIN PASSWORD :'tasks' IN ROLE tokumei_steward;
SQL
