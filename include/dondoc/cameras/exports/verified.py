"""Which streams may be handed over, and with which login."""

from collections.abc import Iterable

from cryptography.fernet import InvalidToken

from dondoc import keys
from dondoc.cameras import attempts
from dondoc.cameras.exports.streams import Stream, name_of
from dondoc.cameras.state import CameraState
from dondoc.directive.model import Directive
from dondoc.errors import Problem
from dondoc.store.cameras import Camera


def verified(
    states: Iterable[CameraState], directive: Directive, secrets: list[str], *, restricted: bool = False
) -> list[Stream]:
    """Streams whose camera showed a picture when it was last looked at, in the order of the cameras' numbers.

    Args:
        restricted: also the cameras whose names are not to be spread.

    Raises:
        Problem: a password cannot be decrypted.
    """
    chosen = [s.camera for s in states if s.showing]
    logins: dict[str, str] = {}
    return [
        _stream(camera, directive, secrets, logins)
        for camera in sorted(chosen, key=lambda c: c.id)
        if restricted or not camera.restricted
    ]


def _stream(camera: Camera, directive: Directive, secrets: list[str], logins: dict[str, str]) -> Stream:
    name, url = name_of(camera.id), camera.url or ""
    label = f"CAM-{camera.id:05} {camera.name} - {directive.agency(camera.agency).name}"
    if camera.username is None:
        return Stream(name, label, url)
    password = _password(camera, secrets)
    # Cameras with the same login share its variables, named after the first of them.
    login = logins.setdefault(attempts.fingerprint(secrets, camera.username, password), name.upper())
    return Stream(name, label, url, login, camera.username, password)


def _password(camera: Camera, secrets: list[str]) -> str:
    try:
        return keys.cipher(secrets, "password").decrypt((camera.password or "").encode()).decode()
    except InvalidToken:
        raise Problem(
            f"Không giải mã được mật khẩu đã lưu của CAM-{camera.id:05} (khóa đã đổi?). Nhập lại mật khẩu đó rồi xuất."
        ) from None
