# Before the files go. A registration that is under way is let finish: killed, it would lose the node's identity.
stop_units() {
    [ -d /run/systemd/system ] || return 0
    for unit in ssm-bootstrap-doctor.timer ssm-bootstrap-restart.service ssm-bootstrap-doctor.service ssm-bootstrap.service; do
        if is_ours "$unit"; then systemctl stop "$unit" || :; fi
    done
}

disable_units() {
    command -v systemctl >/dev/null 2>&1 || return 0
    for unit in ssm-bootstrap-doctor.timer ssm-bootstrap.service; do
        if is_ours "$unit"; then systemctl --quiet --no-reload disable "$unit" || :; fi
    done
}

# A unit below /etc is an administrator's, or one that the one-file bundle put there; it takes the place of ours. But a copy
# that runs our program has nothing left to run.
is_ours() {
    place="/etc/systemd/system/$1"
    if ! [ -e "$place" ] && ! [ -L "$place" ]; then return 0; fi
    grep -q '^ExecStart=.*/usr/bin/ssm-bootstrap' "$place" 2>/dev/null
}

# A run by hand, and the agent that a killed run had started, hold this lock while they change the identity.
wait_for_runs() {
    [ -e /run/ssm-bootstrap.lock ] && command -v flock >/dev/null 2>&1 || return 0
    flock --exclusive --wait 330 /run/ssm-bootstrap.lock true && return 0
    echo "ssm-bootstrap: a run is at work on this node's identity; remove the package when it has ended" >&2
    return 1
}
