"""The bot, its application, users and the gateway's address."""

from __future__ import annotations

from typing import Any

from playground.payloads.people import LOCALE, user_payload
from playground.rest.call import Call


def get_me(call: Call) -> Any:
    return {
        **user_payload(call.world.bot),
        "mfa_enabled": False,
        "verified": True,
        "locale": LOCALE,
        "email": None,
        "premium_type": 0,
    }


def get_user(call: Call) -> Any:
    return user_payload(call.world.user(call.id("user_id")))


def get_application(call: Call) -> Any:
    world = call.world
    return {
        "id": str(world.application_id),
        "name": world.bot.display_name,
        "icon": None,
        "description": "",
        # Discord has left it empty for years; interactions.py cannot do without it.
        "summary": "",
        "type": None,
        "bot": user_payload(world.bot),
        "bot_public": True,
        "bot_require_code_grant": False,
        "verify_key": "0" * 64,
        "flags": world.application_flags,
        "flags_new": str(world.application_flags),
        "redirect_uris": [],
        "interactions_endpoint_url": None,
        "role_connections_verification_url": None,
        "owner": user_payload(world.user(world.guild.owner_id)),
        "approximate_guild_count": len(world.bot_guilds),
        "approximate_user_install_count": len(world.installed_by),
        "approximate_user_authorization_count": 0,
        "explicit_content_filter": 0,
        "team": None,
        "eligible_oauth2_scopes": [],
    }


def get_gateway(call: Call) -> Any:
    return {"url": call.standin.gateway.url}


def get_gateway_bot(call: Call) -> Any:
    limits, gateway = call.standin.limits, call.standin.gateway
    start_limit = {
        "total": limits.identifies_per_day,
        "remaining": max(0, limits.identifies_per_day - gateway.identified),
        "reset_after": 0,
        "max_concurrency": limits.max_concurrency,
    }
    return {"url": gateway.url, "shards": limits.shards, "session_start_limit": start_limit}
