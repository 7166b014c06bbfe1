# What dpkg's purge takes away beyond that.
purge_code() {
    if has_other; then return 0; fi
    code=/etc/ssm-bootstrap/activation-code
    # `ssm-bootstrap install` wrote it where its record says so.
    if grep -q "\"$code\":" /var/lib/ssm-bootstrap/installed.json 2>/dev/null; then rm -f "$code" || :; fi
    if [ -e "$code" ]; then echo "ssm-bootstrap: $code stays: an administrator put it there" >&2; fi
}

# The identity before the last change holds keys; but it goes only where this node plainly does not need it.
purge_snapshot() {
    state=/var/lib/amazon/ssm/.ssm-bootstrap
    if has_other || ! [ -d $state ]; then return 0; fi
    for path in $state/* $state/.[!.]*; do
        if { [ -e "$path" ] || [ -L "$path" ]; } && [ "$path" != $state/snapshot ]; then
            echo "ssm-bootstrap: $state stays: a change of identity was cut short; install ssm-bootstrap to finish it" >&2
            return 0
        fi
    done
    if ! grep -q 'mi-[0-9a-f]' /var/lib/amazon/ssm/Vault/Store/RegistrationKey 2>/dev/null; then
        echo "ssm-bootstrap: $state stays: it holds the last identity of this node" >&2
        return 0
    fi
    rm -rf $state || :
}
