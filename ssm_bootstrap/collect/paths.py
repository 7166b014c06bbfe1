"""Where the agent keeps its things, and where ours lie.

Source: amazon-ssm-agent 3.3.1142.0, appconfig/constants_unix.go and packaging/ (read 2026-11).
"""

from __future__ import annotations

DATA = "/var/lib/amazon/ssm"
VAULT = f"{DATA}/Vault"
VAULT_MANIFEST = f"{VAULT}/Manifest"
REGISTRATION_KEY = f"{VAULT}/Store/RegistrationKey"
REGISTRATION = f"{DATA}/registration"
RUNTIME_CONFIG = f"{DATA}/runtimeconfig"
IDENTITY_CONFIG = f"{RUNTIME_CONFIG}/identity_config.json"
FINGERPRINT = f"{VAULT}/Store/InstanceFingerprint"
ROOT_CREDENTIALS = "/root/.aws/credentials"
MACHINE_ID = "/etc/machine-id"
DBUS_MACHINE_ID = "/var/lib/dbus/machine-id"
DMIDECODE = "/usr/sbin/dmidecode"
AGENT_CONFIG = "/etc/amazon/ssm/amazon-ssm-agent.json"
LOGS = "/var/log/amazon/ssm"
AGENT_LOG = f"{LOGS}/amazon-ssm-agent.log"

SNAP_BINARY = "/snap/amazon-ssm-agent/current/amazon-ssm-agent"
BINARIES = ("/usr/bin/amazon-ssm-agent", SNAP_BINARY)
UNITS = ("amazon-ssm-agent.service", "snap.amazon-ssm-agent.amazon-ssm-agent.service")
PROCESSES = (
    "amazon-ssm-agent",
    "ssm-agent-worker",
    "ssm-document-worker",
    "ssm-session-worker",
    "ssm-session-logger",
)

OUR_CONFIG = "/etc/ssm-bootstrap.conf"
OUR_STATE = f"{DATA}/.ssm-bootstrap"  # on the vault's own file system, so that a rename puts it back
JOURNAL = f"{OUR_STATE}/journal.json"
SNAPSHOT = f"{OUR_STATE}/snapshot"  # the identity before the last change that succeeded
REFUSED = f"{OUR_STATE}/refused.json"  # hashes of activations that were refused
PENDING = f"{OUR_STATE}/pending"  # the identity before the change that is under way
OUR_DATA = "/var/lib/ssm-bootstrap"  # what install put in place, and what the doctor's timer writes
METRICS = f"{OUR_DATA}/ssm-bootstrap.prom"  # named in the doctor's unit
INSTALLED = f"{OUR_DATA}/installed.json"
DOWNLOADS = f"{OUR_DATA}/download"  # 0700, and gone after each use
OUR_SECRETS = "/etc/ssm-bootstrap"  # 0700
OUR_CODE = f"{OUR_SECRETS}/activation-code"  # from where the unit takes its credential
FIRST_BOOT_UNIT = "ssm-bootstrap-first-boot.service"  # written by user-data, as these two are
FIRST_BOOT_SCRIPT = f"{OUR_SECRETS}/first-boot"
FIRST_BOOT_DONE = f"{OUR_DATA}/first-boot.done"
OUR_PROGRAM = "/usr/local/bin/ssm-bootstrap"
INVENTORY = "inventory/custom/ssm-bootstrap.json"  # below DATA and the node's id
OUR_UNITS = "/etc/systemd/system"
OUR_TMPFILES = "/etc/tmpfiles.d/ssm-bootstrap.conf"
UNPACKED = ("/var/cache/ssm-bootstrap", "/run/ssm-bootstrap")  # where root's runs of the bundle unpack it
LOCK = "/run/ssm-bootstrap.lock"
INSTALL_LOCK = "/run/ssm-bootstrap-install.lock"
