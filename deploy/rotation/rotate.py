"""Keeps an activation that is good in a parameter or a secret: looks at the present one, and makes another in time.

Nodes read the place at each boot (`ssm-bootstrap register --code-from`). The old activation stays good until it expires, and
the place holds it until the new one is there, so that a run that fails anywhere leaves a value that works. The code is
written to the place and to nothing else.

Environment: PLACE (parameter:NAME or secret:NAME), ROLE (of the nodes, as CreateActivation takes it), LIMIT (registrations
of one activation), DAYS (it is valid), MIN_DAYS and MIN_REGISTRATIONS (what must be left), KEY ("" for the key of AWS) and
TAGS (JSON, name to value, for the nodes).
Sources: Systems Manager API Reference (CreateActivation, DescribeActivations, DeleteActivation, PutParameter); AWS Secrets
Manager API Reference (PutSecretValue); Amazon CloudWatch User Guide, embedded metric format.
"""

import json
import os
from datetime import datetime, timedelta, timezone

import boto3
from botocore.exceptions import ClientError

MARK = "ssm-bootstrap-rotation"
"""The tag of the activations that are ours to delete; its value is the place."""
NONE_THERE = ("ParameterNotFound", "ResourceNotFoundException")


def handler(event, context):
    """Rotate if it is time to, clear away what has expired, and tell what is left."""
    settings = {name: os.environ[name] for name in ("PLACE", "ROLE", "LIMIT", "DAYS", "MIN_DAYS", "MIN_REGISTRATIONS", "KEY")}
    settings["TAGS"] = json.loads(os.environ.get("TAGS") or "{}")
    clients = {name: boto3.client(name) for name in ("ssm", "secretsmanager")}
    return rotate(clients, settings, datetime.now(timezone.utc))


def rotate(clients, settings, now):
    """One look, and what it leads to; gives what is told, in which there is no code."""
    ssm, place = clients["ssm"], settings["PLACE"]
    known = [row for page in ssm.get_paginator("describe_activations").paginate() for row in page["ActivationList"]]
    identifier = identifier_in(read(clients, place))
    present = next((row for row in known if row["ActivationId"] == identifier), None)
    told = {"place": place, "rotated": is_due(present, settings, now)}
    if told["rotated"]:
        try:
            present = replace(clients, settings, now)
        except Exception:
            # What is left runs out now, and the alarms have to see it.
            print(json.dumps({"place": place, "rotated": False, **left(present, now), **metrics(place, now)}))
            raise
    told.update(activation=present["ActivationId"], **left(present, now))
    told["deleted"] = list(clear(ssm, [row for row in known if is_over(row, present, place)]))
    print(json.dumps({**told, **metrics(place, now)}))
    return told


def read(clients, place):
    """What the place holds now; an empty text where there is nothing yet."""
    kind, _, name = place.partition(":")
    try:
        if kind == "secret":
            return clients["secretsmanager"].get_secret_value(SecretId=name)["SecretString"]
        return clients["ssm"].get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]
    except ClientError as error:
        if error.response["Error"]["Code"] in NONE_THERE:
            return ""
        raise


def write(clients, settings, value):
    """Put a value into the place, instead of the one that is there."""
    kind, _, name = settings["PLACE"].partition(":")
    if kind == "secret":
        clients["secretsmanager"].put_secret_value(SecretId=name, SecretString=value)
        return
    key = {"KeyId": settings["KEY"]} if settings["KEY"] else {}
    clients["ssm"].put_parameter(Name=name, Value=value, Type="SecureString", Overwrite=True, **key)


def identifier_in(value):
    """The id in a value of the place; an empty text where there is none: whatever else it is, it is replaced."""
    try:
        found = json.loads(value)
    except ValueError:
        return ""
    return str(found.get("id", "")) if isinstance(found, dict) else ""


def left(activation, now):
    """Days and registrations that are left of an activation; never below 0, and 0 of one that is not there."""
    if activation is None:
        return {"DaysLeft": 0.0, "RegistrationsLeft": 0}
    days = (activation["ExpirationDate"] - now).total_seconds() / 86400
    registrations = activation["RegistrationLimit"] - activation["RegistrationsCount"]
    return {"DaysLeft": round(max(0.0, days), 3), "RegistrationsLeft": max(0, registrations)}


def is_due(activation, settings, now):
    """Whether another is to be made: none is there, or too little is left of it.

    Too little is never more than half of what a new one has: a new one would be due at once, and each run would make another.
    """
    if activation is None or activation.get("Expired"):
        return True
    rest = left(activation, now)
    is_short = rest["RegistrationsLeft"] < min(int(settings["MIN_REGISTRATIONS"]), int(settings["LIMIT"]) / 2)
    return is_short or rest["DaysLeft"] < min(float(settings["MIN_DAYS"]), float(settings["DAYS"]) / 2)


def replace(clients, settings, now):
    """Make an activation and put it into the place; one that could not be put there is deleted again."""
    ssm, limit = clients["ssm"], int(settings["LIMIT"])
    expires = now + timedelta(days=float(settings["DAYS"]))
    tags = {**settings["TAGS"], MARK: settings["PLACE"]}
    made = ssm.create_activation(
        Description=f"{MARK} of {settings['PLACE']}",
        IamRole=settings["ROLE"],
        RegistrationLimit=limit,
        ExpirationDate=expires,
        Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
    )
    identifier = made["ActivationId"]
    try:
        write(clients, settings, json.dumps({"id": identifier, "code": made["ActivationCode"]}))
    except Exception:
        ssm.delete_activation(ActivationId=identifier)
        raise
    return {"ActivationId": identifier, "ExpirationDate": expires, "RegistrationLimit": limit, "RegistrationsCount": 0}


def is_over(activation, present, place):
    """Whether an activation is one of ours for this place that has expired, and not the one that is in it."""
    is_ours = {"Key": MARK, "Value": place} in activation.get("Tags", [])
    return is_ours and bool(activation.get("Expired")) and activation["ActivationId"] != present["ActivationId"]


def clear(ssm, activations):
    """Delete activations, which changes nothing for nodes that registered with them; one that stays is for the next run."""
    for activation in activations:
        try:
            ssm.delete_activation(ActivationId=activation["ActivationId"])
            yield activation["ActivationId"]
        except ClientError as error:
            print(f"not deleted: {activation['ActivationId']}: {error.response['Error']['Code']}")


def metrics(place, now):
    """What makes a line of the log two metrics of CloudWatch."""
    names = [{"Name": "DaysLeft", "Unit": "None"}, {"Name": "RegistrationsLeft", "Unit": "Count"}]
    rule = {"Namespace": "ssm-bootstrap", "Dimensions": [["place"]], "Metrics": names}
    return {"_aws": {"Timestamp": int(now.timestamp() * 1000), "CloudWatchMetrics": [rule]}}
