#!/usr/bin/env bash
# Makes this checkout ready to run: Debian packages, .venv from requirements.lock, our packages editable.
# Usage: scripts/setup.sh [--all]     --all adds what only the slow tests need.
# Safe to run at any time, also twice at once; when nothing changed it ends in a fraction of a second.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# Without .pyc files every start of Airflow compiles a thousand modules again.
unset PYTHONDONTWRITEBYTECODE
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1

say() { printf 'setup: %s\n' "$*"; }
die() { printf 'setup: %s\n' "$*" >&2; exit 1; }

# --- programs -------------------------------------------------------------------------------------------------

# The Debian packages whose program is not there. We ask for the program, not for the package: a program from
# elsewhere (a Python built by hand, 7-Zip from its maker) serves as well.
missing_packages() {
    "$python" -c 'import ensurepip, venv' 2>/dev/null || echo python3-venv
    has sshd || echo openssh-server
    has xorriso || echo xorriso
    has age || echo age
    has gpg || echo gnupg
    has 7zz || has 7z || echo 7zip
    has fc-list || echo fontconfig
    [ -e /usr/share/fonts/opentype/ipafont-gothic/ipag.ttf ] || echo fonts-ipafont-gothic
    has_library libpangoft2-1.0.so.0 || echo libpangoft2-1.0-0
    has_library libharfbuzz-subset.so.0 || echo libharfbuzz-subset0
    [ "$all" = yes ] || return 0
    has chromium || echo chromium
    has docker-compose || echo docker-compose
    has_initdb || echo postgresql
    has redis-server || echo redis-server
    has postfix || echo postfix
    has dovecot || echo dovecot-imapd
    has npm || echo npm
}

# A second object store for the slow tests of the bucket channel: 60 MB to fetch, 270 MB on disk. Where it cannot be had,
# its tests are skipped and say so; everything else is the same.
install_ceph() {
    local ceph=(radosgw ceph-mon ceph-osd)
    { has radosgw && has ceph-mon && has ceph-osd; } && return
    { has apt-get && [ "$(id -u)" = 0 ]; } || { say "no Ceph here (as root: apt-get install ${ceph[*]}); its tests are skipped"; return; }
    say "apt-get install -y --no-install-recommends ${ceph[*]}"
    apt_install_without_services "${ceph[@]}" || say "Ceph cannot be installed here; its tests are skipped"
}

# Libraries that PDF pages are set with.
has_library() { PATH="$PATH:/usr/sbin:/sbin" ldconfig -p | grep -q "$1"; }

# sshd lives in sbin, which a user's PATH does not hold.
has() { PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin" command -v "$1" >/dev/null; }
has_initdb() { has initdb || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; }

apt_install() {
    # A failing first try means "no package lists yet" or "lists too old"; then, and only then, they are fetched.
    local apt=(apt-get -qq -y -o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0)
    export DEBIAN_FRONTEND=noninteractive
    "${apt[@]}" install --no-install-recommends "$@" </dev/null >/dev/null 2>&1 && return
    "${apt[@]}" update </dev/null >/dev/null || { say "apt-get update failed; is there a network?"; return 1; }
    "${apt[@]}" install --no-install-recommends "$@" </dev/null >/dev/null
}

# Debian starts a server when it installs it and again at every boot. We want the programs only: nothing is started
# (policy-rc.d, put back as it was), and what was not on this machine before is not started at boot either.
apt_install_without_services() {
    local policy=/usr/sbin/policy-rc.d fresh=() unit
    for unit in ssh postgresql redis-server postfix dovecot; do
        [ -e "/lib/systemd/system/$unit.service" ] || fresh+=("$unit")
    done
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\n# made by scripts/setup.sh while it installs; may be removed\nexit 101\n' >"$policy"
        chmod 755 "$policy"
        trap 'rm -f /usr/sbin/policy-rc.d' EXIT
    fi
    apt_install "$@" || return
    for unit in "${fresh[@]}"; do
        [ ! -e "/lib/systemd/system/$unit.service" ] || update-rc.d "$unit" disable >/dev/null 2>&1 || true
    done
}

install_programs() {
    local packages
    mapfile -t packages < <(missing_packages)
    [ "${#packages[@]}" -gt 0 ] || return 0
    local command="apt-get install -y --no-install-recommends ${packages[*]}"
    has apt-get || die "this is not Debian; please install what these packages hold, then try again: ${packages[*]}"
    [ "$(id -u)" = 0 ] || die "please run this first, then try again: sudo $command"
    say "$command"
    apt_install_without_services "${packages[@]}" || die "apt-get could not install: ${packages[*]}"
}

# --- Python ---------------------------------------------------------------------------------------------------

is_311() { "$1" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' >/dev/null 2>&1; }

find_python() {
    local candidate
    for candidate in python3.11 python3; do
        if is_311 "$candidate"; then command -v "$candidate" && return; fi
    done
    die "Python 3.11 is needed and neither python3.11 nor python3 is it (Debian 12 has it: apt-get install python3)"
}

# What .venv was made from. It names its own folder, because a virtual environment cannot be moved.
fingerprint() {
    { cat requirements.lock pyproject.toml scripts/setup.sh scripts/uv.requirements.txt
      "$python" -c 'import sys; print(sys.version)'; pwd; } | sha256sum | cut -d' ' -f1
}

make_venv() {
    is_311 .venv/bin/python && .venv/bin/python -m pip --version >/dev/null 2>&1 && return
    say "virtual environment .venv with $("$python" --version)"
    "$python" -m venv --clear .venv
}

# uv does in seconds what takes pip minutes. Both check every file against the hashes in requirements.lock.
install_with_uv() {
    .venv/bin/python -m pip install --quiet --require-hashes -r scripts/uv.requirements.txt || return
    local uv=(.venv/bin/uv --quiet pip)
    "${uv[@]}" sync --python .venv/bin/python --require-hashes --compile-bytecode requirements.lock || return
    "${uv[@]}" install --python .venv/bin/python --no-deps --no-build-isolation --editable .
}

install_with_pip() {
    # --no-deps: the file is complete, and pip of Debian 12 wants a hash for "celery[redis]", which it does not know as celery.
    .venv/bin/python -m pip install --quiet --no-deps --require-hashes -r requirements.lock
    .venv/bin/python -m pip install --quiet --no-deps --no-build-isolation --editable .
}

install_packages() {
    say "Python packages from requirements.lock (a few minutes at most)"
    install_with_uv || { say "uv cannot be used here, going on with pip"; install_with_pip; }
    local ours=() folder
    for folder in anonymization expectations plugins dags demo; do [ -d "$folder" ] && ours+=("$folder"); done
    .venv/bin/python -m compileall -q "${ours[@]}" || true # a file that does not compile is for lint and tests to tell
}

# axe-core judges the pages in the browser tests. A tool of development (MPL-2.0): fetched, checked, never shipped.
axe_version=4.14.1
axe_sha512=1477dafa598d8d065f273d6af302aa203c02e83131707b7fa648cd41bd3d6b734f8c22a0dab86ee6a6f64b8afbe804b214d36db85a2826965edfb3a0b9d546b5

install_axe() {
    local folder=.venv/axe file="axe-core-$axe_version.tgz"
    [ "$(cat "$folder/version" 2>/dev/null)" != "$axe_version" ] || return 0
    say "axe-core $axe_version"
    rm -rf "$folder" && mkdir "$folder"
    npm pack --silent --pack-destination "$folder" "axe-core@$axe_version" >/dev/null || die "npm could not fetch axe-core"
    echo "$axe_sha512  $folder/$file" | sha512sum --check --quiet || die "axe-core is not the one we know"
    tar -xzf "$folder/$file" -C "$folder" --strip-components=1 package/axe.min.js
    rm "$folder/$file" && echo "$axe_version" >"$folder/version"
}

# --- main -----------------------------------------------------------------------------------------------------

all=no
[ "${1:-}" = --all ] && all=yes
exec 9<"$PWD"
flock 9 # two makes at once: the second waits and then finds everything done
python=$(find_python)
install_programs
[ "$all" = no ] || install_ceph
stamp=.venv/.tokumei
want=$(fingerprint)
if [ "$(cat "$stamp" 2>/dev/null)" != "$want" ] || ! is_311 .venv/bin/python; then
    rm -f "$stamp"
    make_venv
    install_packages
    echo "$want" >"$stamp"
    say "done in $SECONDS s"
fi
[ "$all" = no ] || install_axe
