"""Airflow's login for the pages: the one place besides `web` that knows FastAPI."""

from functools import cache

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.resource_details import AccessView, VariableDetails
from airflow.api_fastapi.core_api.security import bearer_scheme, get_user
from fastapi import FastAPI, HTTPException, Request

from dondoc.web.app import create_app
from dondoc.web.user import NotLoggedIn, User
from dondoc.world import open_world


async def visitor(request: Request) -> User:
    """Who Airflow says this is.

    May act: whoever may edit a Variable, which is true of operators and administrators under every auth manager,
    and false of viewers and users; role names differ between them.
    """
    try:
        user = await get_user(request, None, await bearer_scheme(request))
    except HTTPException:
        raise NotLoggedIn from None
    manager = get_auth_manager()
    if not manager.is_authorized_view(access_view=AccessView.WEBSITE, user=user):
        raise HTTPException(403, "Tài khoản này không được xem trang. Liên hệ quản trị viên.")
    may_act = manager.is_authorized_variable(method="PUT", user=user, details=VariableDetails(key="dondoc"))
    return User(user.get_name(), may_act)


def app() -> FastAPI:
    """The pages behind Airflow's login and roles."""
    return create_app(current_user=visitor, world=cache(open_world))
