"""The dashboard and the standalone reports: the project's records as pages, and actions for those who may."""

from loopwright.faces.web.actions import Actions
from loopwright.faces.web.app import app
from loopwright.faces.web.cards import datasheet, model_card, passport_sheet
from loopwright.faces.web.library import Library
from loopwright.faces.web.listening import allowed_hosts, serve

__all__ = ["Actions", "Library", "allowed_hosts", "app", "datasheet", "model_card", "passport_sheet", "serve"]
