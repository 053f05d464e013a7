"""What answers operators, made of its parts; no webhook, message or poll needs it."""

from __future__ import annotations

import requests

from tieline.connectors.base import Connector
from tieline.connectors.reach import new_session
from tieline.runtime.account import Account
from tieline.runtime.audit import Audit
from tieline.runtime.bringing_in import BringingIn
from tieline.runtime.changing import Changing
from tieline.runtime.doctor import Doctor
from tieline.runtime.looking import Looking
from tieline.runtime.operator import Operator
from tieline.runtime.preview import Preview
from tieline.runtime.pulse import Pulse
from tieline.runtime.release import Release
from tieline.runtime.resync import Resync
from tieline.runtime.seeing import Seeing
from tieline.runtime.sides import maker
from tieline.runtime.ways_out import WaysOut
from tieline.runtime.webhooks import Webhooks
from tieline.runtime.wiring import Wiring


def operator_of(made: Wiring) -> Operator:
    """All that a link's operators may ask, over what the link is made of."""
    ways_out = WaysOut(made.link, made.store, made.enqueuer, made.sides, made.clock, made.time_left)
    looking = Looking(made.link, made.store, made.sides, ways_out, made.clock, made.time_left)
    pulse = Pulse(made.store, made.queue, made.clock, made.time_left)
    audit = Audit(
        made.link,
        made.store,
        made.sides,
        made.reconciler,
        ways_out,
        made.clock,
        made.time_left,
    )
    return Operator(
        made.link,
        made.store,
        made.sides,
        ways_out,
        Seeing(made.link, made.store, looking, made.reconciler, pulse),
        Preview(made.link, made.store, made.sides, made.reconciler),
        BringingIn(made),
        audit,
        _doctor(made),
        Account(made.link, made.sides),
        Resync(made.link, made.store, made.sides, ways_out, made.clock, made.time_left),
        Release(made.link, made.store, made.pauses, ways_out, made.telemetry, made.clock),
        Changing(made, made.of, made.time_left),
        made.versions,
        Webhooks(made.link, made.store, made.sides, made.secret, made.clock, made.sleep),
    )


def _doctor(made: Wiring) -> Doctor:
    options = dict(made.connector_options or {})
    given: requests.Session | None = options.pop("session", None)

    def make(side: str, session: requests.Session) -> Connector:
        more = {**options, "session": session}
        return maker(made.link, made.secret, made.telemetry, made.clock, **more)(side)

    return Doctor(
        made.link, made.store, made.secret, make, lambda: given or new_session(), made.clock
    )
