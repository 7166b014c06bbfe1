# What a systemd that is older than the units would refuse of them is taken back, in files beside them that come and go with it.
fit_units() {
    version=$(systemctl --version 2>/dev/null | sed -n 's/^systemd \([0-9][0-9]*\).*/\1/p') || :
    for unit in ssm-bootstrap ssm-bootstrap-doctor; do
        place=/etc/systemd/system/$unit.service.d
        file=$place/older-systemd.conf
        rm -f $file || :
        if [ "${version:-@RESTARTS_ONESHOT@}" -lt @RESTARTS_ONESHOT@ ]; then
            mkdir -p $place && echo '[Service]' >$file || return 0
            if [ $unit = ssm-bootstrap ]; then
                for line in Restart=no ExecStart= 'ExecStart=@OLDER_START@'; do echo "$line" >>$file || :; done
            fi
            if [ "$version" -lt @KNOWS_SYSTEM_SERVICE@ ]; then echo SystemCallFilter= >>$file || :; fi
        fi
        rmdir $place 2>/dev/null || :
    done
}

forget_fits() {
    for unit in ssm-bootstrap ssm-bootstrap-doctor; do
        rm -f /etc/systemd/system/$unit.service.d/older-systemd.conf || :
        rmdir /etc/systemd/system/$unit.service.d 2>/dev/null || :
    done
}
