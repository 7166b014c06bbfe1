has_other() {
    # The one-file bundle's own install uses the same places.
    [ -e /usr/local/bin/ssm-bootstrap ]
}

# Where it stays it needs the one configuration, without which its unit runs at no boot; but dpkg's purge and rpm's erase take
# that away before the script that comes last. An activation code may stand in it.
keep_configuration() {
    kept=/var/lib/ssm-bootstrap/configuration.kept
    if has_other && [ -f /etc/ssm-bootstrap.conf ]; then
        mkdir -p /var/lib/ssm-bootstrap && rm -f $kept && (umask 077 && cp -p /etc/ssm-bootstrap.conf $kept) || :
    fi
}

put_back_configuration() {
    kept=/var/lib/ssm-bootstrap/configuration.kept
    saved=/etc/ssm-bootstrap.conf.rpmsave
    if has_other && [ -f $kept ] && ! [ -e /etc/ssm-bootstrap.conf ]; then
        # The copy that rpm made is of no use beside it.
        if [ -f $saved ] && [ "$(sha256sum <$saved)" = "$(sha256sum <$kept)" ]; then rm -f $saved || :; fi
        mv $kept /etc/ssm-bootstrap.conf || :
    fi
    rm -f $kept || :
    rmdir /var/lib/ssm-bootstrap 2>/dev/null || :
}
