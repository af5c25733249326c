"""Registers a fleet as a plain asyncio program does: one session, one token, 50 requests at a time.

Argument: a JSON file {url, token, vens: [{ven, resources}]} with the bodies to POST. Prints
{"resources": N, "seconds": T}; fails when anything but 201 is answered.
"""

import asyncio
import json
import sys
import time

import aiohttp

AT_ONCE = 50


async def post(session, url, body):
    async with session.post(url, json=body) as response:
        answer = await response.json()
        if response.status != 201:
            raise SystemExit(f"{url} answered {response.status}: {answer}")
        return answer["id"]


async def post_all(session, requests):
    ids = []
    for begin in range(0, len(requests), AT_ONCE):
        ids += await asyncio.gather(*(post(session, url, body) for url, body in requests[begin : begin + AT_ONCE]))
    return ids


async def main(path):
    with open(path, encoding="utf-8") as file:
        fleet = json.load(file)
    url = fleet["url"]
    headers = {"Authorization": f"Bearer {fleet['token']}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        start = time.perf_counter()
        ids = await post_all(session, [(f"{url}/vens", ven["ven"]) for ven in fleet["vens"]])
        requests = [
            (f"{url}/vens/{ven_id}/resources", body)
            for ven_id, ven in zip(ids, fleet["vens"])
            for body in ven["resources"]
        ]
        await post_all(session, requests)
        seconds = time.perf_counter() - start
    print(json.dumps({"resources": len(requests), "seconds": seconds}))


asyncio.run(main(sys.argv[1]))
