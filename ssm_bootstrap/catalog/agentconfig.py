"""The keys of amazon-ssm-agent.json and the types that the agent reads them as: a value of another type spoils the whole file.

Keys that only some versions know are left out: an agent that does not know a key passes over whatever it holds.
Source: amazon-ssm-agent 3.3.1142.0, agent/appconfig/contracts.go (SsmagentConfig); read 2026-11.
"""

from __future__ import annotations

from typing import Mapping

TEXT, YES_NO, WHOLE, TEXTS, ANY = "a string", "true or false", "a whole number", "a list of strings", "anything"
"""What a value may be; ``null`` is taken everywhere and changes nothing."""

SECTIONS: Mapping[str, Mapping[str, str]] = {
    "Profile": {"ShareCreds": YES_NO, "ShareProfile": TEXT, "ForceUpdateCreds": YES_NO, "KeyAutoRotateDays": WHOLE},
    "Mds": {"Endpoint": TEXT, "CommandWorkersLimit": WHOLE, "StopTimeoutMillis": WHOLE, "CommandRetryLimit": WHOLE},
    "Ssm": {
        "Endpoint": TEXT,
        "HealthFrequencyMinutes": WHOLE,
        "AssociationFrequencyMinutes": WHOLE,
        "AssociationRetryLimit": WHOLE,
        "CustomInventoryDefaultLocation": TEXT,
        "AssociationLogsRetentionDurationHours": WHOLE,
        "RunCommandLogsRetentionDurationHours": WHOLE,
        "SessionLogsRetentionDurationHours": WHOLE,
        "PluginLocalOutputCleanup": TEXT,
    },
    "Mgs": {"Region": TEXT, "Endpoint": TEXT, "StopTimeoutMillis": WHOLE, "SessionWorkersLimit": WHOLE},
    "Agent": {
        "Name": TEXT,
        "Version": TEXT,
        "Region": TEXT,
        "ServiceDomain": TEXT,
        "OrchestrationRootDir": TEXT,
        "DownloadRootDir": TEXT,
        "ContainerMode": YES_NO,
        "SelfUpdate": YES_NO,
        "SelfUpdateScheduleDay": WHOLE,
        "TelemetryMetricsToCloudWatch": YES_NO,
        "TelemetryMetricsToSSM": YES_NO,
        "TelemetryMetricsNamespace": TEXT,
        "LongRunningWorkerMonitorIntervalSeconds": WHOLE,
        "AuditExpirationDay": WHOLE,
        "ForceFileIPC": YES_NO,
        "UseDualStackEndpoint": ANY,  # only later agents know it
    },
    "Os": {"Lang": TEXT, "Name": TEXT, "Version": TEXT},
    "S3": {"Endpoint": TEXT, "Region": TEXT, "LogBucket": TEXT, "LogKey": TEXT},
    "Birdwatcher": {"ForceEnable": YES_NO},
    "Kms": {"Endpoint": TEXT},
    "Identity": {"ConsumptionOrder": TEXTS},
}
"""Section to key to type; every section is an object."""
