"""The failures identity has names for."""

from guanxi_shared.errors import Conflict, Forbidden, Gone, Invalid, TooMany, Unauthenticated


class SignInRefused(Unauthenticated):
    """One sentence for every reason, so that it tells nothing about the address."""

    code, title = "sign_in_refused", "E-mail address or password is wrong"


class SecondFactorRequired(Unauthenticated):
    code, title = "totp_required", "Send the code of your authenticator app as `totp`"


class SecondFactorRefused(Unauthenticated):
    code, title = "totp_refused", "This code is wrong or was used before"


class SignInLocked(TooMany):
    code, title = "sign_in_locked", "Too many failed attempts; wait before the next one"


class RefreshRefused(Unauthenticated):
    code, title = "refresh_refused", "This refresh token is not valid; sign in again"


class RefreshReused(Unauthenticated):
    code = "refresh_reused"
    title = "This refresh token was used before; the session has been ended for safety"


class ApiKeyRefused(Unauthenticated):
    code, title = "api_key_refused", "This API key is not valid, has expired or was revoked"


class LinkExpired(Invalid):
    code, title = "link_expired", "This link is not valid any more; ask for a new one"


class WeakPassword(Invalid):
    code, title = "weak_password", "Choose a better password"

    def __init__(self, sentences: list[str], *, field: str = "password") -> None:
        super().__init__(sentences[0], errors={field: " ".join(sentences)})


class BeyondYourOwn(Forbidden):
    """Nobody can grant, by role, key or consent, what they do not hold themselves."""

    code, title = "beyond_your_own", "You cannot grant more than you hold yourself"


class LastAdmin(Conflict):
    code, title = "last_admin", "An organisation needs at least one active admin"


class TeamCycle(Invalid):
    code, title = "team_cycle", "A team cannot be below itself"


class TeamTooDeep(Invalid):
    code, title = "team_too_deep", "The tree of teams would become too deep"


class TeamInUse(Conflict):
    code, title = "team_in_use", "Move the teams below this one first"


class RoleInUse(Conflict):
    code, title = "role_in_use", "Users still have this role"


class UnknownRole(Invalid):
    code, title = "unknown_role", "There is no such role"

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no role {name!r}.", errors={"role": "Unknown role."})


class SetupClosed(Forbidden):
    code, title = "setup_closed", "Organisations are created by the operator"


class DeviceWiped(Gone):
    """A wipe order: what the device holds is to be deleted, and that it was is to be told."""

    code, title = "device_wiped", "This device is to delete everything that it holds"


class WipePending(Conflict):
    code, title = "wipe_pending", "A wipe of this device is under way"
