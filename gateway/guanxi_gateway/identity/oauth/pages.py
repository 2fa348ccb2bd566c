"""Two plain pages for people who come from an application: sign in, see who asks, decide.

No script, no style, no cookie: password and decision are posted together, so there is no session
that another site could use. Front-ends with pages of their own post JSON instead.
"""

from collections.abc import Mapping, Sequence
from html import escape

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="robots" content="noindex"><title>{title}</title></head>
<body><main><h1>{title}</h1>{problem}{text}
<form method="post" action="{action}">{hidden}{fields}
<p><label>E-mail <input name="email" type="email" autocomplete="username" required></label></p>
<p><label>Password <input name="password" type="password" autocomplete="current-password" required>
</label></p>
<p><label>Code of your authenticator app, if you use one
<input name="totp" inputmode="numeric" autocomplete="one-time-code"></label></p>
<p><button name="decision" value="approve">Allow</button>
<button name="decision" value="deny">Refuse</button></p>
</form></main></body></html>
"""


def consent_page(
    client_name: str, scopes: Sequence[str], params: Mapping[str, str], *, problem: str = ""
) -> str:
    listed = "".join(f"<li>{escape(scope)}</li>" for scope in scopes)
    text = f"<p><strong>{escape(client_name)}</strong> asks to do this in your name:</p>"
    return PAGE.format(
        title="Allow access to Guanxi",
        problem=_problem(problem),
        text=f"{text}<ul>{listed}</ul>",
        action="/v1/oauth/authorize",
        hidden=_hidden(params),
        fields="",
    )


def device_page(user_code: str, *, problem: str = "") -> str:
    field = (
        '<p><label>Code on the device <input name="user_code" required autocomplete="off" '
        f'value="{escape(user_code)}"></label></p>'
    )
    return PAGE.format(
        title="Connect a device to Guanxi",
        problem=_problem(problem),
        text="<p>Allow it only if the device in front of you shows the same code.</p>",
        action="/v1/oauth/device/decide",
        hidden="",
        fields=field,
    )


def done_page(sentence: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Guanxi</title></head>'
        f"<body><main><p>{escape(sentence)}</p></main></body></html>\n"
    )


def _hidden(params: Mapping[str, str]) -> str:
    return "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in params.items()
    )


def _problem(sentence: str) -> str:
    return f'<p role="alert"><strong>{escape(sentence)}</strong></p>' if sentence else ""
