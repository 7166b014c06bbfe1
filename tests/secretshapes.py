"""Texts with a canary in each shape that a secret may have, for whatever writes text out."""

from __future__ import annotations

from tests.laws.secrets import CANARIES

ACCOUNT = "123456789012"

_CODE, _KEY = CANARIES["activation-code"], CANARIES["secret-access-key"]
_TOKEN, _SIGNED = CANARIES["session-token"], CANARIES["presigned-signature"]
_PROXY, _REPOSITORY, _PRIVATE = CANARIES["proxy-password"], CANARIES["repository-password"], CANARIES["private-key"]
_BODY = "\n".join([_PRIVATE, "a" * 64, "b" * 64])

EXAMPLES: tuple[str, ...] = (
    f"http://user:{_PROXY}@proxy.example:3128/",
    f"baseurl=https://{_REPOSITORY}@mirror.example/repo",
    f"https_proxy=user:{_PROXY}@proxy.example:3128",
    f"https: user:{_PROXY}@proxy.example:3128",
    f"all_proxy=user:{_PROXY} proxy",
    f"aws_secret_access_key = {_KEY}",
    f'{{"SecretAccessKey": "{_KEY}"}}',
    f'{{\\"SessionToken\\": \\"{_TOKEN}\\"}}',
    f"aws_session_token={_TOKEN}",
    f"password: {_PROXY}",
    f"code = {_CODE}",
    f'code = "{_CODE}"',
    f"code: >-\n  {_CODE}",
    f"SSM_BOOTSTRAP_ACTIVATION_CODE={_CODE}",
    f'export SSM_BOOTSTRAP_ACTIVATION_CODE="{_CODE}"',
    f"DB_PASSWORD={_PROXY}",
    f'DB_PASSWORD="two {_PROXY} words"',
    f'{{"dbPassword": "a \\"{_PROXY}\\" b"}}',
    f"Environment='DB_PASSWORD=two {_PROXY}'",
    f'Environment="SSM_BOOTSTRAP_ACTIVATION_CODE={_CODE}" "X=1"',
    f"MY_API_KEY={_SIGNED}",
    f'MY_TOKEN="two {_SIGNED}"',
    f"SetCredential=activation-code:{_CODE}",
    f"put code 600 <<'END_OF_CODE'\n{_CODE}",
    f"CODE={_CODE}",
    f"DB_PASSWORD=ab,{_SIGNED}",
    f"DB_PASSWORD=ab;c'd}}e\\f,{_SIGNED}",
    f"export DB_PASSWORD=ab\\\n{_SIGNED}",
    f"TOKEN={_SIGNED}",
    f"SECRET={_SIGNED}",
    f"MYTOKEN={_SIGNED}",
    f"Environment=SECRET={_SIGNED}",
    f'Environment="SECRET=two {_SIGNED}"',
    f"apikey={_SIGNED}",
    f"api-key={_SIGNED}",
    f"https://host.example/?token={_SIGNED}&x=1",
    f"token: {_SIGNED}",
    f"  - mySecret: {_SIGNED}  # mine",
    f"it said token: {_SIGNED} to me",
    f'{{"token": "two {_SIGNED}"}}',
    f"<password>{_SIGNED}</password>",
    f"<ns:dbPassword kind='x'>\n  two {_SIGNED}\n</ns:dbPassword>",
    f"<token><![CDATA[{_SIGNED}]]></token>",
    f"&lt;password&gt;{_SIGNED}&lt;/password&gt;",
    f"amazon-ssm-agent -register -code \\\n   {_CODE} -id x",
    f"SetCredential=activation-code:ab\\\n{_CODE}",
    f"SetCredential=activation-code:two {_CODE}",
    f"&quot;password&quot;: &quot;two {_SIGNED}&quot;, &quot;x&quot;",
    f"&#34;SecretAccessKey&#34;:&#34;{_KEY}&#34;",
    f"&amp;quot;token&amp;quot;:&amp;quot;{_SIGNED}&amp;quot;",
    f'{{\\\\\\"SessionToken\\\\\\": \\\\\\"{_TOKEN}\\\\\\"}}',
    f'"-code" "{_CODE}" "-id"',
    f'["-register", "-code", "{_CODE}"]',
    f"args:\n  - -code\n  - {_CODE}",
    f'[\n  "-code",\n  "{_CODE}"\n]',
    f"activation-code: '{_CODE}'",
    f"activation_code: |\n    {_CODE}",
    f"amazon-ssm-agent -register -code {_CODE} -id x",
    f"ssm-bootstrap register --activation-code={_CODE}",
    f"https://b.s3.amazonaws.com/k?X-Amz-Signature={_SIGNED}&X-Amz-Date=1",
    f"https://b.s3.amazonaws.com/k?X-Amz-Security-Token={_TOKEN}",
    f"https://b.s3.amazonaws.com/k?AWSAccessKeyId={_SIGNED}&Signature={_SIGNED}",
    f"Server=db;Uid=me;Pwd={_SIGNED};",
    f"curl -u user:{_SIGNED} https://host.example/",
    f"curl --user 'user:two {_SIGNED}' https://host.example/",
    f"user:$6$saltsalt${_SIGNED}:19000:0:99999:7:::",
    f"Authorization: Basic {_SIGNED}",
    f"Proxy-Authorization: Bearer {_TOKEN}",
    f"Set-Cookie: session={_SIGNED}; Secure",
    "AKIACANARY0042CANARY",
    f"-----BEGIN RSA PRIVATE KEY-----\n{_BODY}\n-----END RSA PRIVATE KEY-----",
    f"-----BEGIN PRIVATE KEY-----\n{_BODY}",
    f"MIIEcanary{'A' * 60}{_PRIVATE[:4]}==",
)
"""One text each."""

AT_A_LINES_BEGIN = ("https: ", "code = ", "SetCredential=", "  - mySecret")
"""Beginnings of those that are a secret in a file of settings alone: elsewhere such words are prose."""

LINES = tuple(text for text in EXAMPLES if "\n" not in text and not text.startswith(AT_A_LINES_BEGIN))
"""Those that are a secret anywhere in a line, as a log has them."""
