# After the files have gone: what the program wrote goes too, what an administrator wrote stays.
has_other() {
    # The one-file bundle's own install uses the same places.
    [ -e /usr/local/bin/ssm-bootstrap ]
}

sweep_outputs() {
    if has_other; then return 0; fi
    rm -rf /var/cache/ssm-bootstrap /run/ssm-bootstrap /var/lib/ssm-bootstrap/download
    rm -f /var/lib/ssm-bootstrap/ssm-bootstrap.prom /var/lib/amazon/ssm/*/inventory/custom/ssm-bootstrap.json
    if [ -e /run/ssm-bootstrap.lock ] && command -v flock >/dev/null 2>&1; then
        flock --nonblock /run/ssm-bootstrap.lock rm -f /run/ssm-bootstrap.lock || :
    fi
    # tmpfiles.d made the two of the agent; where it never was they are empty.
    rmdir /var/lib/ssm-bootstrap /var/lib/amazon /var/log/amazon 2>/dev/null || :
}

forget_records() {
    if has_other; then return 0; fi
    for path in /var/lib/ssm-bootstrap/* /var/lib/ssm-bootstrap/.[!.]*; do
        # Without this mark an instance's user-data would install again.
        [ "$path" = /var/lib/ssm-bootstrap/first-boot.done ] || rm -rf "$path"
    done
    before=/etc/ssm-bootstrap.conf.before
    if [ -f $before ] && [ "$(sha256sum <$before)" = "@CONFIGURATION_SHA256@  -" ]; then rm -f $before; fi
    rmdir /var/lib/ssm-bootstrap /etc/ssm-bootstrap 2>/dev/null || :
}

reload_systemd() {
    if [ -d /run/systemd/system ]; then systemctl daemon-reload || :; fi
}
