"""Airflow's login for the pages: the one place besides `web` that knows FastAPI."""

from functools import cache
from typing import Any

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.resource_details import (
    AccessView,
    DagAccessEntity,
    TeamDetails,
    VariableDetails,
)
from airflow.api_fastapi.core_api.security import bearer_scheme, get_user
from fastapi import FastAPI, HTTPException, Request

from dondoc.configuration.context import open_context
from dondoc.orchestration.accounts import login
from dondoc.web.app import create_app
from dondoc.web.user import NotLoggedIn, User

NO_TEAM = "dondoc: nobody's team"


async def visitor(request: Request) -> User:
    """Who Airflow says this is.

    May act: whoever may edit a Variable, which is true of operators and administrators under every auth manager,
    and false of viewers and users; role names differ between them. Who may approve is not asked of Airflow.
    """
    try:
        user = await get_user(request, None, await bearer_scheme(request))
    except HTTPException:
        raise NotLoggedIn from None
    manager = get_auth_manager()
    if not manager.is_authorized_view(access_view=AccessView.WEBSITE, user=user):
        raise HTTPException(403, "Tài khoản này không được xem trang. Liên hệ quản trị viên.")
    may_act = manager.is_authorized_variable(method="PUT", user=user, details=VariableDetails(key="dondoc"))
    name = user.get_name()
    return User(
        name,
        may_act,
        login=login(str(user.get_id()), name),
        email=getattr(user, "email", None) or None,
        administers=may_act and _administers(manager, user),
    )


def _administers(manager: Any, user: Any) -> bool:
    """Whether this is an administrator, who may do more than an operator.

    Under FAB only administrators may read Airflow's own audit log. Under SimpleAuthManager everybody may; there only
    administrators belong to every team, also to one that does not exist. FAB has no teams.
    """
    if not manager.is_authorized_dag(method="GET", access_entity=DagAccessEntity.AUDIT_LOG, user=user):
        return False
    try:
        return bool(manager.is_authorized_team(method="GET", details=TeamDetails(name=NO_TEAM), user=user))
    except NotImplementedError:
        return True


def pages() -> FastAPI:
    """The pages behind Airflow's login and roles."""
    return create_app(current_user=visitor, app=cache(open_context))
