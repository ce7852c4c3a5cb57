"""Who may see the page. Nobody is asked unless secrets.toml sets up a login, or RASID_LOGIN demands one (docs/serving.md)."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit import config
from streamlit.errors import StreamlitSecretNotFoundError

from views.markup import plain
from views.texts import Texts

DEMAND = "RASID_LOGIN"
_NOT_DEMANDED = ("", "0", "no", "off")


def demand(t: Texts) -> None:
    """Go on for who may see the page; show everyone else how to log in, or that they may not, and end the run."""
    secrets = _secrets()
    providers = _providers(secrets.get("auth") or {})
    if not providers:
        if "auth" in secrets or os.environ.get(DEMAND, "").strip().lower() not in _NOT_DEMANDED:
            st.error(t("A login is demanded here, but none is set up: nothing is shown. See docs/serving.md."))
            st.stop()
        return
    user = st.user.to_dict()
    if user.get("is_logged_in") is not True:
        st.info(t("Log in to see this page."))
        for name in providers:
            label = t("Log in with {provider}", provider=plain(name)) if name else t("Log in")
            st.button(label, key=f"login_{name}", on_click=st.login, args=(name,) if name else ())
        st.stop()
    said = plain(str(user.get("email") or user.get("name") or ""))
    if not is_let_in(user, (secrets.get("rasid") or {}).get("users")):
        st.error(t("{who} is logged in, but is not among those who may see this page.", who=said))
        st.button(t("Log out"), key="logout", on_click=st.logout)
        st.stop()
    st.sidebar.button(f"{t('Log out')} · {said}", key="logout", on_click=st.logout, type="tertiary")


def is_let_in(user: Mapping[str, Any], users: Iterable[str] | None) -> bool:
    """Whether the user is among `users`: addresses, and domains such as "@example.org"; None lets everyone in.

    An address that the provider says is not the user's own counts for nothing.

    >>> is_let_in({"email": "A@example.org"}, ["@example.org"]), is_let_in({"email": "a@b.example.org"}, ["@example.org"])
    (True, False)
    """
    if isinstance(users, str):
        users = [users]
    if users is None:
        return True
    email = str(user.get("email") or "").strip().casefold()
    if "@" not in email or user.get("email_verified") in (False, "false"):
        return False
    domain = "@" + email.rsplit("@", 1)[1]
    return any(str(known).strip().casefold() in (email, domain) for known in users)


def _secrets() -> Mapping[str, Any]:
    try:
        return {name: st.secrets[name] for name in ("auth", "rasid") if name in st.secrets}
    except StreamlitSecretNotFoundError:
        # A file that is there and cannot be read may well demand a login.
        if any(Path(path).exists() for path in config.get_option("secrets.files")):
            raise
        return {}


def _providers(auth: Mapping[str, Any]) -> list[str]:
    """Names of the providers set up; the one without a name is ""."""
    named = [name for name, value in auth.items() if isinstance(value, Mapping) and "client_id" in value]
    return ([""] if "client_id" in auth else []) + named
