"""Certificates for servers of a test, the authority that vouches for them, and such a server.

Needs openssl. `from tests.support.tls import authority as authority` makes the fixture known.
"""

import asyncio
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.support.pictures import encoded

# A key of RSA takes long to find.
NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


@dataclass(frozen=True, slots=True)
class Authority:
    """Makes certificates; `certificate` is what its believers have."""

    folder: Path

    @property
    def certificate(self) -> Path:
        return self.folder / "authority.pem"

    async def establish(self) -> None:
        self.folder.mkdir()
        await self._openssl(
            *("req", "-x509", *NEW_KEY, "-days", "2"),
            *("-subj", "/CN=Authority of a test", "-keyout", "authority.key"),
            *("-out", "authority.pem"),
        )

    async def certify(self, *names: str) -> ssl.SSLContext:
        """What a server of these names answers with."""
        await self._openssl(
            *("req", *NEW_KEY, "-subj", f"/CN={names[0]}"),
            *("-keyout", "server.key", "-out", "server.csr"),
        )
        alternatives = ",".join(f"DNS:{name}" for name in names)
        (self.folder / "names").write_text(f"subjectAltName={alternatives}")
        await self._openssl(
            *("x509", "-req", "-in", "server.csr", "-days", "2", "-extfile", "names"),
            *("-CA", "authority.pem", "-CAkey", "authority.key", "-CAcreateserial"),
            *("-out", "server.pem"),
        )
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.folder / "server.pem", self.folder / "server.key")
        return context

    async def _openssl(self, *arguments: str) -> None:
        await asyncio.to_thread(
            subprocess.run,
            ["openssl", *arguments],
            cwd=self.folder,
            check=True,
            capture_output=True,
        )


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    if shutil.which("openssl") is None:
        pytest.skip("openssl, which makes the certificates, is not there")
    authority = Authority(tmp_path_factory.mktemp("tls") / "authority")
    asyncio.run(authority.establish())
    return authority


@asynccontextmanager
async def serving_pictures(authority: Authority, *names: str) -> AsyncIterator[int]:
    """The port of a server that has pictures, and redirects to wherever one wants (`?to=`)."""

    async def serve(request: web.Request) -> web.StreamResponse:
        if "to" in request.query:
            raise web.HTTPFound(request.query["to"])
        return web.Response(body=encoded(), content_type="image/png")

    app = web.Application()
    app.router.add_get("/{path:.*}", serve)
    server = TestServer(app, host="127.0.0.1", scheme="https")
    await server.start_server(ssl=await authority.certify(*names))
    try:
        assert server.port is not None
        yield server.port
    finally:
        await server.close()
