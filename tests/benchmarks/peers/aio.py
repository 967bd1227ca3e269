"""What somebody writes by hand in an afternoon: reads, starts, polls. No journal, no retry, no check, no plan."""

import asyncio
import sys
from pathlib import Path

import aiohttp

URL, LINES, FLYING = sys.argv[1], Path(sys.argv[2]).read_text("utf-8").splitlines(), int(sys.argv[3])
HOLD = "--hold" in sys.argv  # a request slot is kept while its job runs


async def main() -> None:
    slots = asyncio.Semaphore(FLYING)
    connector = aiohttp.TCPConnector(limit=FLYING)
    async with aiohttp.ClientSession(URL, headers={"x-api-key": "k"}, connector=connector) as session:

        async def ask(method: str, path: str) -> dict[str, str]:
            async with session.request(method, path) as answer:
                answer.raise_for_status()
                found: dict[str, str] = await answer.json()
                return found

        async def slot(method: str, path: str) -> dict[str, str]:
            if HOLD:
                return await ask(method, path)
            async with slots:
                return await ask(method, path)

        async def change(model: str) -> None:
            job = (await slot("POST", f"/api/public/models/{model}/undeploy"))["dock-statusId"]
            while True:
                await asyncio.sleep(0.25)
                if (await slot("GET", f"/api/public/dock-status/{job}"))["status"] == "SUCCESS":
                    return

        async def one(model: str, job: str, differs: str) -> None:
            assert (await slot("GET", f"/api/public/dock-status/{job}"))["status"] == "SUCCESS"
            if differs == "yes":
                await change(model)

        async def held(*line: str) -> None:
            async with slots:
                await one(*line)

        await asyncio.gather(*((held if HOLD else one)(*line.split()) for line in LINES))


asyncio.run(main())
