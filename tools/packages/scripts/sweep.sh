# After the files have gone: what the program wrote goes too, what an administrator wrote stays.
# What cannot be removed is named by rm itself, and is no reason to leave the package half removed.
sweep_outputs() {
    if has_other; then return 0; fi
    rm -rf /var/cache/ssm-bootstrap /run/ssm-bootstrap /var/lib/ssm-bootstrap/download || :
    rm -f /var/lib/ssm-bootstrap/ssm-bootstrap.prom || :
    if [ -d /var/lib/amazon/ssm ]; then
        # Not through links: find enters none, a pattern of the shell does.
        find /var/lib/amazon/ssm/ -mindepth 4 -maxdepth 4 \
            -path '/var/lib/amazon/ssm/*/inventory/custom/ssm-bootstrap.json' ! -type d -delete || :
    fi
    for lock in /run/ssm-bootstrap.lock /run/ssm-bootstrap-install.lock; do
        if [ -e $lock ] && command -v flock >/dev/null 2>&1; then flock --nonblock $lock rm -f $lock || :; fi
    done
    # tmpfiles.d made the two of the agent; where it never was they are empty.
    rmdir /var/lib/ssm-bootstrap /var/lib/amazon /var/log/amazon 2>/dev/null || :
}

forget_records() {
    if has_other; then return 0; fi
    for path in /var/lib/ssm-bootstrap/* /var/lib/ssm-bootstrap/.[!.]*; do
        # Without this mark an instance's user-data would install again.
        [ "$path" = /var/lib/ssm-bootstrap/first-boot.done ] || rm -rf "$path" || :
    done
    # What a cut of the power left of a file that was being written: it may hold the activation code.
    secrets=/etc/ssm-bootstrap
    rm -f $secrets/activation-code.new $secrets/.activation-code.* $secrets/first-boot.new $secrets/.first-boot.* || :
    before=/etc/ssm-bootstrap.conf.before
    if [ -f $before ] && [ "$(sha256sum <$before)" = "@CONFIGURATION_SHA256@  -" ]; then rm -f $before || :; fi
    rmdir /var/lib/ssm-bootstrap $secrets 2>/dev/null || :
}

reload_systemd() {
    if [ -d /run/systemd/system ]; then systemctl daemon-reload || :; fi
}
