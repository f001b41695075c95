"""Certificates for servers of a test, and the authority that vouches for them. Needs openssl."""

import asyncio
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path


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
            *("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=Authority of a test", "-keyout", "authority.key"),
            *("-out", "authority.pem"),
        )

    async def certify(self, *names: str) -> ssl.SSLContext:
        """What a server of these names answers with."""
        await self._openssl(
            *("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={names[0]}"),
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
