"""How Airflow's accounts are called: the one name that nobody else can have."""

from airflow.configuration import conf


def ids_are_logins() -> bool:
    """Whether the auth manager's user ids are what people log in with. FAB numbers its accounts."""
    return not conf.get("core", "auth_manager").endswith(".FabAuthManager")


def login(identity: str, name: str) -> str:
    """The login of an account, of its id and its name as the auth manager tells them.

    The id, never a name that its owner may choose; under FAB, whose ids are numbers, the user name, which is unique and
    which only an administrator can change.
    """
    return identity if ids_are_logins() else name
