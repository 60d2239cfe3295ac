"""A camera's addresses as they are stored: what may be shown in clear, the rest encrypted beside it.

`Camera.url` is the stream that is looked at, `Camera.identity` the main one, by which a camera is known; of both only
what `hiding` shows. An identity with something hidden ends in a mark of all of it, so that two cameras which differ in
nothing else stay two; it is a keyed one: nobody can try passwords on it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.fernet import InvalidToken
from sqlalchemy import select
from sqlalchemy.orm import Session

from dondoc import keys
from dondoc.cameras.registry.hiding import restored, split
from dondoc.errors import Problem
from dondoc.store.cameras import Camera, CameraDeclaration
from dondoc.vocabulary.numbers import CAM

NO_KEY = (
    "Địa chỉ luồng hình có phần có thể là mật khẩu hoặc mã truy cập, phải lưu mã hóa, mà chưa đặt DONDOC_SECRET_KEY. "
    "Đặt một chuỗi ngẫu nhiên dài rồi làm lại."
)
UNREADABLE = "Không giải mã được địa chỉ đã lưu của {} (khóa đã đổi?). Nhập lại địa chỉ của camera đó."
_PURPOSE = "address"
_MARK = "#"  # stands in no address that is stored: in those it is %23
_LENGTH = 22  # characters of a mark: 132 bits
Stored = Camera | CameraDeclaration


class Unreadable(Problem):
    """No key of ours decrypts what is hidden of an address."""


@dataclass(frozen=True)
class Addresses:
    """Whole: of the stream that is looked at, and of the main one where it is known by that."""

    url: str | None
    main: str | None

    def __repr__(self) -> str:
        return "Addresses(…)"


def read(camera: Stored, secrets: Sequence[str]) -> Addresses:
    """A camera's addresses.

    Raises:
        Unreadable: no key decrypts what is hidden of them.
    """
    main = camera.identity and camera.identity.partition(_MARK)[0]
    if camera.url_secret is None:
        return Addresses(camera.url, main)
    try:
        told = json.loads(keys.cipher(list(secrets), _PURPOSE).decrypt(camera.url_secret.encode()))
        return Addresses(
            url=restored(camera.url, told["url"]) if camera.url else None,
            main=restored(main, told["main"]) if main else None,
        )
    except (InvalidToken, ValueError, Problem):  # ValueError: what is shown was changed since
        number = camera.id if isinstance(camera, Camera) else camera.camera_id
        raise Unreadable(UNREADABLE.format(CAM(number))) from None


def write(camera: Stored, whole: Addresses, secrets: Sequence[str]) -> None:
    """Store a camera's addresses.

    Raises:
        Problem: something of them is to be hidden, and no key is set.
    """
    url, main = split(whole.url or ""), split(whole.main or "")
    told = {"url": url.hidden, "main": main.hidden} if url.hidden or main.hidden else None
    if told and not secrets:
        raise Problem(NO_KEY)
    camera.url, camera.identity, camera.url_secret = url.shown or None, main.shown or None, None
    if main.hidden:
        mark = keys.sign(list(secrets), _PURPOSE, (whole.main or "").encode())
        camera.identity = f"{main.shown}{_MARK}{mark[:_LENGTH]}"
    if told:
        camera.url_secret = keys.cipher(list(secrets), _PURPOSE).encrypt(json.dumps(told).encode()).decode()


def hides(whole: Addresses) -> bool:
    """Whether anything of them is to be encrypted."""
    return any(split(address).hidden for address in (whole.url, whole.main) if address)


def is_clear(camera: Stored, whole: Addresses) -> bool:
    """Whether something is stored of these in clear that is to be hidden, or hidden that need not be."""
    url, main = split(whole.url or ""), split(whole.main or "")
    return (camera.url or "") != url.shown or (camera.identity or "").partition(_MARK)[0] != main.shown


def rotate(session: Session, secrets: Sequence[str]) -> dict[str, int]:
    """Encrypt what is hidden of every address with the first key.

    Returns:
        counts `rotated` and `unreadable` (no key of the list decrypts them).

    Raises:
        Problem: no key is set.
    """
    counts = {"rotated": 0, "unreadable": 0}
    hidden = select(Camera).where(Camera.url_secret.is_not(None))
    current = {camera.url_secret: camera for camera in session.scalars(hidden)}
    for fact in session.scalars(select(CameraDeclaration).where(CameraDeclaration.url_secret.is_not(None))):
        camera = current.get(fact.url_secret)  # None: it has been given another address since
        try:
            write(fact, read(fact, secrets), secrets)
        except Unreadable:
            counts["unreadable"] += camera is not None
            continue
        if camera:
            camera.url_secret, camera.identity = fact.url_secret, camera.identity and fact.identity
            counts["rotated"] += 1
    return counts
