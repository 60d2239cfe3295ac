"""Which streams may be handed over, and with which login."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from cryptography.fernet import InvalidToken

from dondoc import keys
from dondoc.cameras.exports.permission import REFUSED, SUB_ONLY
from dondoc.cameras.exports.streams import Stream, name_of
from dondoc.cameras.logins import attempts
from dondoc.cameras.registry import addresses
from dondoc.cameras.registry.streams import main_and_sub
from dondoc.cameras.state.state import CameraState
from dondoc.directive.model import Registry
from dondoc.errors import Problem
from dondoc.store.cameras import Camera
from dondoc.vocabulary.numbers import CAM


def verified(
    cameras: Iterable[Camera],
    registry: Registry,
    secrets: list[str],
    *,
    permissions: Mapping[int, str] | None = None,
) -> list[Stream]:
    """Streams of cameras that showed a picture when they were last looked at, in the order of their numbers.

    That look was at one stream. Its counterpart, main or sub, comes along where it is known, marked as not looked at.

    Args:
        permissions: what agencies allow to be shared, by camera.

    Raises:
        Problem: a password or an address cannot be decrypted.
    """
    logins: dict[str, str] = {}
    return [
        stream
        for camera in sorted(cameras, key=lambda c: c.id)
        for stream in _allowed(_streams(camera, registry, secrets, logins), (permissions or {}).get(camera.id))
    ]


def shown(states: Iterable[CameraState], *, restricted: bool) -> set[int]:
    """The cameras that showed a picture when they were last looked at; the restricted ones only where asked for."""
    return {s.camera.id for s in states if s.showing and (restricted or not s.camera.restricted)}


def _allowed(streams: list[Stream], word: str | None) -> list[Stream]:
    """What the agency lets be handed over: of a camera whose sub-stream alone is shared, no main stream."""
    if word in REFUSED:
        return []
    return [stream for stream in streams if stream.role == "sub"] if word == SUB_ONLY else streams


def _streams(camera: Camera, registry: Registry, secrets: list[str], logins: dict[str, str]) -> list[Stream]:
    whole = addresses.read(camera, secrets)
    seen = _stream(camera, whole.url or "", registry, secrets, logins)
    main, sub = main_and_sub(seen.url, whole.main)
    if main is None or sub is None:
        return [replace(seen, role="sub" if sub else "")]
    return [
        replace(seen, url=main, role="main", checked=main == seen.url),
        replace(seen, url=sub, role="sub", checked=sub == seen.url, name=f"{seen.name}sub"),
    ]


def _stream(camera: Camera, url: str, registry: Registry, secrets: list[str], logins: dict[str, str]) -> Stream:
    name = name_of(camera.id)
    label = f"{CAM(camera.id)} {camera.name} - {registry.agency(camera.agency).name}"
    if camera.username is None:
        return Stream(name, label, url, camera=camera.id)
    password = _password(camera, secrets)
    # Cameras with the same login share its variables, named after the first of them.
    login = logins.setdefault(attempts.fingerprint(secrets, camera.username, password), name.upper())
    return Stream(name, label, url, login, camera.username, password, camera=camera.id)


def _password(camera: Camera, secrets: list[str]) -> str:
    try:
        return keys.cipher(secrets, "password").decrypt((camera.password or "").encode()).decode()
    except InvalidToken:
        raise Problem(
            f"Không giải mã được mật khẩu đã lưu của {CAM(camera.id)} (khóa đã đổi?). Nhập lại mật khẩu đó rồi xuất."
        ) from None
