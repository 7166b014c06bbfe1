# Has prepare-image run when this machine is shut down to make the image of it. EC2 Image Builder gives its orders through the
# agent: to stop that in a step of the build would end the build. The unit is in /run, so that it is not in the image.
set -eu
unit=ssm-bootstrap-prepare-image.service
mkdir -p /run/systemd/system
cat >"/run/systemd/system/$unit" <<'UNIT'
[Unit]
Description=Take out of this machine what must not be in an image of it
# What starts before the agent is stopped after it.
Before=amazon-ssm-agent.service snap.amazon-ssm-agent.amazon-ssm-agent.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/true
ExecStop=/usr/local/bin/ssm-bootstrap prepare-image --yes
TimeoutStopSec=300
StandardOutput=journal+console
UNIT
systemctl daemon-reload
systemctl start "$unit"
systemctl is-active "$unit"
