#!/bin/sh
# Makes the secrets of docker-compose.yaml, each in a file of its own in secrets/; what is there already stays.
# Run as root (what is there already is then only handed over): the files belong to the group 50000, which is nobody's on the server and the containers' inside.
set -eu
cd "$(dirname "$0")/.."
umask 077
mkdir -p secrets

random() { od -An -v -N32 -tx1 /dev/urandom | tr -d ' \n'; }
# Writes standard input into a file that is not there yet, all of it or nothing.
make() {
  if [ ! -e "secrets/$1" ]; then
    cat > "secrets/.$1" && mv "secrets/.$1" "secrets/$1"
  else
    cat > /dev/null
  fi
}

for name in postgres_password redis_password dondoc_secret_key; do random | make "$name"; done
for name in jwt_secret api_secret_key; do { random; random; } | make "$name"; done
head -c 32 /dev/urandom | base64 | tr '+/' '-_' | make fernet_key
od -An -v -N12 -tx1 /dev/urandom | tr -d ' \n' | make admin_password
printf 'postgresql+psycopg2://airflow:%s@postgres:5432/airflow' "$(random)" | make airflow_database_url
printf 'postgresql+psycopg://dondoc:%s@postgres:5432/dondoc' "$(random)" | make dondoc_database_url
printf 'redis://:%s@redis:6379/0' "$(cat secrets/redis_password)" | make celery_broker_url
printf 'redis://:%s@redis:6379/1' "$(cat secrets/redis_password)" | make celery_result_url
: | make archive_imap_url # imaps://…, when there is an archive address
for name in ping_gather_url ping_night_url; do : | make "$name"; done # https://…, when somebody watches from outside

if [ "$(id -u)" = 0 ]; then
  chown -R 0:50000 secrets
else
  echo "The containers cannot read secrets/ yet: run this again as root." >&2
fi
chmod 0750 secrets
chmod 0640 secrets/*
echo "secrets/ is ready. The administrator's password for the login page: secrets/admin_password" >&2
