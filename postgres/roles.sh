#!/bin/sh
# PostgreSQL's image runs this once, on an empty volume: the role that owns the tables, and the one that serves.
set -eu
psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
  --set owner="$OWNER_PASSWORD" --set web="$WEB_PASSWORD" <<'SQL'
CREATE ROLE bursar_owner LOGIN PASSWORD :'owner';
CREATE ROLE bursar_web LOGIN PASSWORD :'web';
CREATE DATABASE bursar OWNER bursar_owner;
SQL
