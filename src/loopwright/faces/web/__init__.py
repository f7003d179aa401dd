"""The dashboard and the standalone reports: the project's records as pages, read only."""

from loopwright.faces.web.app import allowed_hosts, app, serve
from loopwright.faces.web.cards import datasheet, model_card
from loopwright.faces.web.library import Library

__all__ = ["Library", "allowed_hosts", "app", "datasheet", "model_card", "serve"]
