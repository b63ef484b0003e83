"""What all sandboxes share: serving over HTTP, the control plane, a clock, faults, a call log."""

from bridge.sandbox.kernel.application import Application
from bridge.sandbox.kernel.clock import Clock
from bridge.sandbox.kernel.control import PREFIX
from bridge.sandbox.kernel.message import Headers, Request, Response
from bridge.sandbox.kernel.server import Server, serve

__all__ = ["PREFIX", "Application", "Clock", "Headers", "Request", "Response", "Server", "serve"]
