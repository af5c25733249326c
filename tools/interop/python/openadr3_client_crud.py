"""Creates, reads, updates and deletes an object of every kind at a VTN, with openadr3-client.

usage: openadr3_client_crud.py VERSION URL, with BL_ID, BL_SECRET, VEN_ID and VEN_SECRET in the environment.
Prints a line for each kind of object; what the VTN or the client does not accept ends it with a traceback.
"""

import importlib
import os
import sys
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from types import SimpleNamespace
from urllib.parse import parse_qs, urlparse

os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"

from openadr3_client._models.common.attribute import Attribute
from openadr3_client._models.common.interval import Interval
from openadr3_client._models.common.interval_period import IntervalPeriod
from openadr3_client._models.common.value_map_collection import ValuesMap
from openadr3_client._models.common.ven_resource_attribute_type import VenResourceAttributeType
from openadr3_client.bl.http_factory import BusinessLogicHttpClientFactory
from openadr3_client.ven.http_factory import VirtualEndNodeHttpClientFactory
from openadr3_client.version import OADRVersion

VERSION, URL = sys.argv[1:3]
IS_31 = VERSION == "3.1.0"
START = datetime(2099, 1, 1, tzinfo=timezone.utc)
# The client writes null for whatever is left out. OpenADR has some properties that may be absent but not null, and our
# VTN refuses that, as it may: so none of those is left out here.
PERIOD = IntervalPeriod(start=START, duration=timedelta(hours=1), randomize_start=timedelta(0))


def models(name):
    return importlib.import_module(f"openadr3_client.{'oadr310' if IS_31 else 'oadr301'}.models.{name}")


def clients():
    common = {
        "vtn_base_url": URL,
        "token_url": f"{URL}/auth/token",
        "version": OADRVersion.OADR_310 if IS_31 else OADRVersion.OADR_301,
        "allow_insecure_http": True,
    }
    secret = lambda role: {"client_id": os.environ[f"{role}_ID"], "client_secret": os.environ[f"{role}_SECRET"]}
    return (
        BusinessLogicHttpClientFactory.create_http_bl_client(**secret("BL"), **common),
        VirtualEndNodeHttpClientFactory.create_http_ven_client(**secret("VEN"), **common),
    )


def is_gone(work):
    """True when the VTN answers 404."""
    try:
        work()
    except Exception as error:  # noqa: BLE001: requests' errors, whatever the client makes of them
        return getattr(getattr(error, "response", None), "status_code", None) == 404
    return False


def life(kind, create, read, listed, change, update, delete):
    """One object from its creation to its end. `change` gives what to write, and how to see that it was written."""
    made = create()
    assert read(made.id) == made, f"{kind}: read differs from created"
    assert made.id in [item.id for item in listed()], f"{kind}: not listed"
    changes, is_changed = change(made)
    # In 3.0.1 the client takes the whole object, in 3.1 the changes.
    changed = update(made.id, changes if IS_31 else made.update(changes))
    assert changed.id == made.id and is_changed(changed), f"{kind}: not updated"
    assert changed.modification_date_time > made.modification_date_time, f"{kind}: modificationDateTime stands still"
    assert is_changed(read(made.id)), f"{kind}: the update was not kept"
    assert delete(made.id).id == made.id, f"{kind}: the deletion answers with another one"
    assert is_gone(lambda: read(made.id)), f"{kind}: not deleted"
    print(f"{kind}: created, read, listed, updated, deleted", flush=True)


def program_life(bl):
    m = models("program.program")
    whole = {"interval_period": PERIOD}
    life(
        "program",
        lambda: bl.programs.create_program(m.NewProgram(**whole, program_name="foreign-life")),
        bl.programs.get_program_by_id,
        lambda: bl.programs.get_programs(None, None),
        lambda _: (m.ProgramUpdate(**whole, program_name="foreign-life-2"), lambda seen: seen.program_name == "foreign-life-2"),
        bl.programs.update_program_by_id,
        bl.programs.delete_program_by_id,
    )


def event_fields(program):
    p = models("event.event_payload")
    payload = p.EventPayload(type=p.EventPayloadType.PRICE, values=(0.25,))
    fields = {
        "programID": program.id,
        "interval_period": PERIOD,
        "intervals": (Interval(id=0, interval_period=PERIOD, payloads=(payload,)),),
    }
    return {**fields, "duration": timedelta(hours=1)} if IS_31 else fields


def event_life(bl, program):
    m = models("event.event")
    whole = event_fields(program)
    life(
        "event",
        lambda: bl.events.create_event(m.NewEvent(**whole, priority=1)),
        bl.events.get_event_by_id,
        lambda: bl.events.get_events(None, None, program.id),
        lambda e: (m.EventUpdate(**whole, priority=3), lambda seen: (seen.priority, seen.intervals) == (3, e.intervals)),
        bl.events.update_event_by_id,
        bl.events.delete_event_by_id,
    )


def report_life(ven, program, event):
    m, p = models("report.report"), models("report.report_payload")
    payload = p.ReportPayload(type=p.ReportPayloadType.USAGE, values=(1.5,))
    resource = m.ReportResource(resource_name="site", interval_period=PERIOD, intervals=(Interval(id=0, interval_period=PERIOD, payloads=(payload,)),))
    ids = {"eventID": event.id} if IS_31 else {"eventID": event.id, "programID": program.id}
    whole = {**ids, "client_name": "foreign", "resources": (resource,)}
    life(
        "report",
        lambda: ven.reports.create_report(m.NewReport(**whole, report_name="first")),
        ven.reports.get_report_by_id,
        lambda: ven.reports.get_reports(None, program.id, event.id, "foreign"),
        lambda r: (m.ReportUpdate(**whole, report_name="second"), lambda seen: (seen.report_name, seen.resources) == ("second", r.resources)),
        ven.reports.update_report_by_id,
        ven.reports.delete_report_by_id,
    )


class Echo(BaseHTTPRequestHandler):
    """Answers the challenge that a VTN makes before it takes a callback (3.1 Definition, subscriptions)."""

    def do_GET(self):
        body = parse_qs(urlparse(self.path).query).get("echo", [""])[0].encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


def subscription_life(ven, program):
    m = models("subscriptions.subscription")
    server = HTTPServer(("127.0.0.1", 0), Echo)
    Thread(target=server.serve_forever, daemon=True).start()
    operation = m.ObjectOperation(
        objects=(m.Object.EVENT,),
        operations=(m.Operation.POST,),
        callback_url=f"http://127.0.0.1:{server.server_port}/callback",
        bearer_token="shown-at-the-callback",
    )
    whole = {"programID": program.id, "object_operations": (operation,)}
    life(
        "subscription",
        lambda: ven.subscriptions.create_subscription(m.NewSubscription(**whole, client_name="foreign")),
        ven.subscriptions.get_subscription_by_id,
        lambda: ven.subscriptions.get_subscriptions(pagination=None, program_id=program.id, client_name="foreign", objects=None, **({} if IS_31 else {"target": None})),
        lambda _: (m.SubscriptionUpdate(**whole, client_name="foreign-2"), lambda seen: seen.client_name == "foreign-2"),
        ven.subscriptions.update_subscription_by_id,
        ven.subscriptions.delete_subscription_by_id,
    )
    server.shutdown()


def ven_calls(m):
    """What is named otherwise in the two versions."""
    if IS_31:
        return SimpleNamespace(new=m.NewVenVenRequest, update=m.VenUpdateVenRequest)
    return SimpleNamespace(new=m.NewVen, update=m.VenUpdate)


def ven_life(ven):
    m = models("ven.ven")
    call = ven_calls(m)
    life(
        "ven",
        lambda: ven.vens.create_ven(call.new(ven_name="foreign-ven")),
        ven.vens.get_ven_by_id,
        lambda: ven.vens.get_vens(None, None, None),
        lambda _: (call.update(ven_name="foreign-ven-2"), lambda seen: seen.ven_name == "foreign-ven-2"),
        ven.vens.update_ven_by_id,
        ven.vens.delete_ven_by_id,
    )


def resource_life(ven):
    owner = ven.vens.create_ven(ven_calls(models("ven.ven")).new(ven_name="foreign-owner"))
    power = Attribute(type=VenResourceAttributeType.MAX_POWER_CONSUMPTION, values=(22,))
    whole = {"venID": owner.id, "attributes": ValuesMap([power])}
    if IS_31:
        m = models("resource.resource")
        new, update = m.NewResourceVenRequest, m.ResourceUpdateVenRequest
        api = (
            ven.resources.create_resource,
            ven.resources.get_resource_by_id,
            lambda: ven.resources.get_resources(ven_id=owner.id),
            ven.resources.update_resource_by_id,
            ven.resources.delete_resource_by_id,
        )
    else:
        m = models("ven.resource")
        new, update = m.NewResource, m.ResourceUpdate
        api = (
            lambda resource: ven.vens.create_ven_resource(owner.id, resource),
            lambda id: ven.vens.get_ven_resource_by_id(owner.id, id),
            lambda: ven.vens.get_ven_resources(owner.id, None, None, None),
            lambda id, resource: ven.vens.update_ven_resource_by_id(owner.id, id, resource),
            lambda id: ven.vens.delete_ven_resource_by_id(owner.id, id),
        )
    create, read, listed, change, delete = api
    life(
        "resource",
        lambda: create(new(**whole, resource_name="charger")),
        read,
        listed,
        lambda _: (update(**whole, resource_name="charger-2"), lambda seen: seen.resource_name == "charger-2"),
        change,
        delete,
    )
    ven.vens.delete_ven_by_id(owner.id)


def main():
    bl, ven = clients()
    program_life(bl)
    program = bl.programs.create_program(models("program.program").NewProgram(program_name="foreign", interval_period=PERIOD))
    event_life(bl, program)
    event = bl.events.create_event(models("event.event").NewEvent(**event_fields(program)))
    ven_life(ven)
    resource_life(ven)
    report_life(ven, program, event)
    subscription_life(ven, program)
    bl.events.delete_event_by_id(event.id)
    bl.programs.delete_program_by_id(program.id)


main()
