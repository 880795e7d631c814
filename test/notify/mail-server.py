# A mail server for tests: aiosmtpd on 127.0.0.1. Says its port in a line of JSON, then each message that it took and
# each recipient that it refused, a line each. Recipients: nobody@ is refused, later@ the first time, others are taken;
# echo@ and echo-long@ are refused and repeated, echo-taken@ is taken and repeated.
# Usage: mail-server.py none|starttls|implicit [CERT KEY] [--password USER:PASSWORD]

import asyncio
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

seen = set()


def say(what):
    print(json.dumps(what), flush=True)


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        name = address.split("@")[0]
        first = address not in seen
        seen.add(address)
        if name == "nobody":
            return "550 5.1.1 no such user here"
        if name == "echo":
            return f"550 5.1.1 <{address.upper()}>: unknown, nor is 13800000001"
        if name == "echo-long":
            return f"550 5.1.1 {'x' * 110} {address}: unknown"
        if name == "later" and first:
            return "451 4.7.1 greylisted, try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        say({
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "data": envelope.content.decode("utf-8", "replace"),
            "tls": session.ssl is not None,
        })
        if envelope.rcpt_tos[0].startswith("echo-taken"):
            return f"250 2.0.0 taken for {envelope.rcpt_tos[0]}"
        return "250 2.0.0 taken"


def main():
    arguments = sys.argv[1:]
    login = None
    if "--password" in arguments:
        at = arguments.index("--password")
        user, password = arguments[at + 1].split(":")
        login = LoginPassword(user.encode(), password.encode())
        del arguments[at:at + 2]
    mode, files = arguments[0], arguments[1:]
    context = None
    if files:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(files[0], files[1])

    def authenticate(server, session, envelope, mechanism, data):
        ok = data.login == login.login and data.password == login.password
        return AuthResult(success=ok, handled=False) if not ok else AuthResult(success=True)

    def protocol():
        more = {}
        if mode == "starttls":
            more = {"tls_context": context, "require_starttls": True}
        if login is not None:
            more |= {"authenticator": authenticate, "auth_required": True, "auth_require_tls": mode == "starttls"}
        return SMTP(Handler(), hostname="mail.test", enable_SMTPUTF8=True, **more)

    async def serve():
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            protocol, "127.0.0.1", 0, ssl=context if mode == "implicit" else None
        )
        say({"port": server.sockets[0].getsockname()[1]})
        await server.serve_forever()

    asyncio.run(serve())


main()
