"""The outbound guard against real listeners: no written form, name, answer or redirect reaches inside."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from switchboard.kernel.clock import FixedClock
from switchboard.kernel.errors import Invalid
from switchboard.kernel.outbound.addresses import AddressPolicy, check_written_address, parse_target
from switchboard.kernel.outbound.client import DeliveryFailed, OutboundClient, Resolver, look_up, resolve

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"
# Plain http is allowed here, so that nothing but the address can be the reason of a refusal.
PUBLIC_ONLY = AddressPolicy(allow_http=True)
THIS_MACHINE = AddressPolicy(["127.0.0.0/8"])


def forms(table: str) -> list[str]:
    return table.split()


THIS_MACHINE_AS_IPV4 = forms("""
    127.0.0.1  127.0.0.1.  127.0.0.2  127.1.2.3  127.255.255.255  127.1  127.0.1  127.00.00.01  127.1.
    2130706433  2130706433.  4294967297  02130706433  0x7f000001  0X7F000001  0x7F.0.0.1  0x7f.1  0x7f.0x1
    0x7f.0x0.0x0.0x1  0x0000000000007f000001  017700000001  0177.0.0.1  0177.1  0177.0000.0000.0001  00177.0.0.01
    127.0x0.0.1  127.0.0.0x1  127.0.0.01  0x7f.0.01  127.0.0.0x  127.0.0.1.0  1.127.0.0.1
    0  0.0.0.0  0.0  0x0  00000000  0.0.0.0.  0.0.0.1  0.255.255.255
""")
THIS_MACHINE_AS_IPV6 = forms("""
    [::1]  [::]  [0:0:0:0:0:0:0:1]  [0000:0000:0000:0000:0000:0000:0000:0001]  [0::1]  [::0001]  [::0:1]
    [::127.0.0.1]  [::7f00:1]  [::ffff:127.0.0.1]  [::FFFF:127.0.0.1]  [::ffff:7f00:1]  [0:0:0:0:0:ffff:127.0.0.1]
    [0:0:0:0:0:ffff:7f00:0001]  [::ffff:0:127.0.0.1]  [::ffff:0.0.0.0]  [64:ff9b::127.0.0.1]  [64:ff9b::7f00:1]
    [64:ff9b:1::127.0.0.1]  [64:ff9b::a00:1]  [64:ff9b::8.8.8.8]  [2002:7f00:1::]  [2002:7f00:0001::1]
    [2002:a00:1::]  [2001:0:7f00:1::]  [2001:0000:4136:e378:8000:63bf:80ff:fffe]  [::1%25lo]  [::1%lo]  [::1%1]
    [fe80::1%25eth0]
""")
THIS_MACHINE_IN_OTHER_SCRIPTS = forms("""
    １２７.０.０.１  127。0。0。1  127．0．0．1  127｡0｡0｡1  ①②⑦.⓪.⓪.①  １２７。１  ②①③⓪⑦⓪⑥④③③  ０ｘ７ｆ.1  ０１７７.0.0.1
    𝟏𝟐𝟕.𝟎.𝟎.𝟏  ¹²⁷.⁰.⁰.¹  ₁₂₇.₀.₀.₁  127\u00ad.0.0.1  127\u200b.0.0.1  127.0.0.1\u3002  ｌｏｃａｌｈｏｓｔ  ⓛⓞⓒⓐⓛⓗⓞⓢⓣ
    lo\u00adcalhost  ℓocalhost  locaLhoſt  [：：1]  127.0.0.1\u2024evil  127․0․0․1
""")
THIS_MACHINE_ESCAPED = forms("""
    %31%32%37.0.0.1  127%2e0%2e0%2e1  127.0.0.1%00  127.0.0.1%2f  %6c%6f%63%61%6c%68%6f%73%74  %E3%80%82
    127.0.0.1%0d%0a  [%3a%3a1]
""")
LOCAL_NAMES = forms("""
    localhost  LOCALHOST  LocalHost  localhost.  a.localhost  deep.er.localhost  localhost.localdomain
    ip6-localhost  printer.local  PRINTER.LOCAL.  db.internal  kubernetes.default.svc.cluster.local  box.lan
    nas.home.arpa  wiki.intranet  redis  postgres  host.docker.internal  gateway.docker.internal
""")
PRIVATE_NETWORKS = forms("""
    10.0.0.1  10.255.255.255  012.0.0.1  0xa.0.0.1  167772161  172.16.0.1  172.31.255.255  192.168.0.1
    192.168.255.255  0xc0.0xa8.0x00.0x01  3232235521  192.168.257  100.64.0.1  100.127.255.255  192.0.0.1  192.0.0.170
    192.0.2.1  192.88.99.1  198.18.0.1  198.19.255.255  198.51.100.7  203.0.113.9  224.0.0.1  239.255.255.255
    240.0.0.1  255.255.255.255  0xffffffff  [fc00::1]  [fd00::1]  [fdff:ffff::1]  [fe80::1]  [febf::1]  [fec0::1]
    [ff02::1]  [ff0e::1]  [100::1]  [2001:db8::1]  [2001:10::1]  [2001:20::1]  [2001:2::1]  [3fff::1]  [5f00::1]
    [4000::1]  [8000::1]  [::ffff:10.0.0.1]  [::ffff:192.168.0.1]  [::ffff:c0a8:1]
""")
METADATA = forms("""
    169.254.169.254  169.254.169.254.  2852039166  0xa9fea9fe  0xa9.0xfe.0xa9.0xfe  0251.0376.0251.0376  169.254.43518
    169.16689662  025177524776  １６９.254.169.254  169。254。169。254  169.254.170.2  169.254.170.23  169.254.42.42
    169.254.0.23  100.100.100.200  168.63.129.16  192.0.0.192  [::ffff:169.254.169.254]  [::ffff:a9fe:a9fe]
    [::169.254.169.254]  [64:ff9b::169.254.169.254]  [64:ff9b::a9fe:a9fe]  [64:ff9b:1::a9fe:a9fe]  [2002:a9fe:a9fe::]
    [fd00:ec2::254]  [fd00:ec2::23]  [fd00:0ec2:0:0:0:0:0:254]  [fd20:ce::254]  [fd00:42::42]  [fe80::a9fe:a9fe]
    metadata.google.internal  METADATA.GOOGLE.INTERNAL  metadata.google.internal.  metadata.goog  metadata  instance-data
    instance-data.ec2.internal  metadata.tencentyun.com  metadata.azure.internal  metadata.oraclecloud.com
    ｍetadata.google.internal  metadata。google。internal
""")
FORBIDDEN_HOSTS = [
    *THIS_MACHINE_AS_IPV4,
    *THIS_MACHINE_AS_IPV6,
    *THIS_MACHINE_IN_OTHER_SCRIPTS,
    *THIS_MACHINE_ESCAPED,
    *LOCAL_NAMES,
    *PRIVATE_NETWORKS,
    *METADATA,
]
FORBIDDEN_URLS = [
    "http://example.com@127.0.0.1:{port}/",
    "http://127.0.0.1:{port}@example.com/",
    "http://user:password@example.com/",
    "http://@127.0.0.1:{port}/",
    "http://:@example.com/",
    "http://example.com:80@127.0.0.1:{port}/",
    "http://example.com%40127.0.0.1:{port}/",
    "http://127.0.0.1:{port}\\@example.com/",
    "http://example.com\\@127.0.0.1:{port}/",
    "http:\\\\127.0.0.1:{port}\\",
    "http:/127.0.0.1:{port}/",
    "http:127.0.0.1:{port}/",
    "http:///127.0.0.1:{port}/",
    "http:////127.0.0.1:{port}/",
    "//127.0.0.1:{port}/",
    "127.0.0.1:{port}/",
    "/hook",
    "",
    "http://",
    "http://:{port}/",
    "http://?@127.0.0.1:{port}/",
    " http://127.0.0.1:{port}/",
    "\x00http://127.0.0.1:{port}/",
    "ht\ntp://127.0.0.1:{port}/",
    "http://127.0.0.1\t:{port}/",
    "http://127.0.0.1:{port}/\r\nX-Injected: yes",
    "http://exam ple.com/",
    "http://example.com\u3000/",
    "http://exa\u2044mple.com/",
    "http://example.com／@127.0.0.1/",
    "http://example.com：80/",
    "http://example.com＠127.0.0.1/",
    "http://127.0.0.1#@example.com/",
    "http://127.0.0.1?@example.com/",
    "http://[::1]x:{port}/",
    "http://[::1/",
    "http://::1:{port}/",
    "http://[127.0.0.1]:{port}/",
    "http://[v1.127.0.0.1]:{port}/",
    "http://[]:{port}/",
    "http://..:{port}/",
    "http://127.0.0.1..:{port}/",
    "http://example..com/",
    "http://.example.com/",
    "http://-example.com/",
    "http://*.example.com/",
    "http://example.com,127.0.0.1/",
    "http://example.com;127.0.0.1/",
    "http://$(127.0.0.1)/",
    "http://" + "a" * 64 + ".com/",
    "http://" + "a." * 127 + "com/",
    "http://example.com/" + "a" * 2048,
    "http://example.com:0/",
    "http://example.com:65536/",
    "http://example.com:-1/",
    "http://example.com:8o/",
    "http://example.com:８０/",
    "http://example.com:80:80/",
    "http://example.com:000000080/",
    "http://example.com/\ud800",
    "https+unix://127.0.0.1:{port}/",
    "file:///etc/passwd",
    "ftp://127.0.0.1:{port}/",
    "gopher://127.0.0.1:{port}/_POST",
    "dict://127.0.0.1:{port}/",
    "ws://127.0.0.1:{port}/",
    "data:text/plain,hello",
    "javascript:alert(1)",
    "jar:http://127.0.0.1:{port}/!/",
]


class Listener:
    """A real HTTP server of few words: it keeps what arrives and answers what it is told to."""

    def __init__(self, answer: bytes) -> None:
        self.answer = answer
        self.connections = 0
        self.requests: list[bytes] = []
        self.port = 0
        self.is_endless = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                (
                    int(line[15:])
                    for line in head.lower().split(b"\r\n")
                    if line.startswith(b"content-length:")
                ),
                0,
            )
            self.requests.append(head + await reader.readexactly(length))
            writer.write(self.answer)
            while self.is_endless:
                writer.write(b"secret " * 1000)
                await writer.drain()
                await asyncio.sleep(0)
            await writer.drain()
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            writer.close()

    def header(self, name: str) -> str | None:
        """A header of the newest request."""
        for line in self.requests[-1].decode("latin-1").split("\r\n"):
            if line.lower().startswith(f"{name}:"):
                return line.partition(":")[2].strip()
        return None


@asynccontextmanager
async def listening(answer: bytes = OK, tls: ssl.SSLContext | None = None) -> AsyncIterator[Listener]:
    listener = Listener(answer)
    server = await asyncio.start_server(listener.serve, "127.0.0.1", 0, ssl=tls)
    listener.port = server.sockets[0].getsockname()[1]
    try:
        yield listener
    finally:
        server.close()


@pytest.fixture
async def canary() -> AsyncIterator[Listener]:
    async with listening() as listener:
        yield listener


def answering(*rounds: Sequence[str]) -> tuple[Resolver, list[str]]:
    """A resolver that answers each look-up with the next of `rounds`, and the names it was asked for."""
    asked: list[str] = []

    async def resolver(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return rounds[min(len(asked), len(rounds)) - 1]

    return resolver, asked


# What people write


def test_the_table_of_forbidden_forms_is_as_long_as_promised() -> None:
    forms = {*FORBIDDEN_HOSTS, *FORBIDDEN_URLS}
    assert len(forms) == len(FORBIDDEN_HOSTS) + len(FORBIDDEN_URLS)
    assert len(forms) >= 120


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_no_written_form_of_an_inside_host_reaches_the_canary(scheme: str, canary: Listener) -> None:
    # Whatever slipped through as a name would be led straight to the canary.
    resolver, asked = answering(["127.0.0.1"])
    client = OutboundClient(PUBLIC_ONLY, resolver=resolver)
    reached = []
    for host in FORBIDDEN_HOSTS:
        try:
            await client.post(f"{scheme}://{host}:{canary.port}/hook", body=b"{}")
            reached.append(host)
        except Invalid as refusal:
            assert refusal.hint
    assert reached == []
    assert asked == []
    assert canary.connections == 0


@pytest.mark.parametrize("host", FORBIDDEN_HOSTS)
def test_an_inside_host_is_refused_where_it_is_typed_in(host: str) -> None:
    with pytest.raises(Invalid):
        check_written_address(f"https://{host}/hook")


@pytest.mark.parametrize("url", FORBIDDEN_URLS)
async def test_a_malformed_or_tricky_url_is_refused_and_nothing_is_sent(url: str, canary: Listener) -> None:
    resolver, asked = answering(["127.0.0.1"])
    with pytest.raises(Invalid) as refusal:
        await OutboundClient(PUBLIC_ONLY, resolver=resolver).post(
            url.replace("{port}", str(canary.port)), body=b"{}"
        )
    assert refusal.value.hint
    assert asked == []
    assert canary.connections == 0


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://127.0.0.1/", "it is an address of this machine"),
        ("https://192.168.0.1/", "it is a private address"),
        ("https://0x7f.1/", "not four decimal numbers"),
        ("https://169.254.169.254/", "a cloud metadata or link-local address"),
        ("https://redis/", "a name inside a local network"),
        ("https://someone@example.com/", "a user name or password"),
        ("https://exa%6dple.com/", "a percent sign"),
        ("https://example.com:0/", "port 0 does not exist"),
        ("example.com/hook", "does not start with https://"),
    ],
)
def test_a_refusal_says_in_plain_words_what_is_wrong(url: str, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        parse_target(url)


async def test_the_canary_does_sing_when_it_is_reached(canary: Listener) -> None:
    answer = await OutboundClient(THIS_MACHINE).post(f"http://127.0.0.1:{canary.port}/hook", body=b"{}")
    assert (answer.status_code, canary.connections) == (200, 1)


@pytest.mark.parametrize(
    ("url", "host", "port", "path"),
    [
        ("https://example.com", "example.com", 443, "/"),
        ("HTTPS://Example.COM./a/b?c=d&e=%20#part", "example.com", 443, "/a/b?c=d&e=%20"),
        ("https://example.com:8443?x=1", "example.com", 8443, "/?x=1"),
        ("https://example.com:/hook", "example.com", 443, "/hook"),
        ("https://example.com/@127.0.0.1", "example.com", 443, "/@127.0.0.1"),
        ("https://my_app.r3---x.example.com/", "my_app.r3---x.example.com", 443, "/"),
        ("https://bücher.example/", "xn--bcher-kva.example", 443, "/"),
        ("https://Ｅxample。com/", "example.com", 443, "/"),
        ("https://example.भारत/", "example.xn--h2brj9c", 443, "/"),
        ("https://8.8.4.4/", "8.8.4.4", 443, "/"),
        ("https://[2606:4700:4700:0::1111]:8443/", "2606:4700:4700::1111", 8443, "/"),
        ("https://[::ffff:8.8.4.4]/", "8.8.4.4", 443, "/"),
        ("https://1.2.3.4.example.com/", "1.2.3.4.example.com", 443, "/"),
        ("https://127.0.0.1.example.com/", "127.0.0.1.example.com", 443, "/"),
        ("https://internal.example.com/", "internal.example.com", 443, "/"),
        ("https://0xbeef.example/", "0xbeef.example", 443, "/"),
    ],
)
def test_a_public_address_is_taken_apart(url: str, host: str, port: int, path: str) -> None:
    target = parse_target(url)
    assert (target.scheme, target.host, target.port, target.path) == ("https", host, port, path)


@pytest.mark.parametrize(
    ("url", "header"),
    [
        ("https://example.com:443/", "example.com"),
        ("https://example.com:8443/", "example.com:8443"),
        ("https://[2606:4700::1]/", "[2606:4700::1]"),
        ("https://[2606:4700::1]:8443/", "[2606:4700::1]:8443"),
    ],
)
def test_the_host_header_names_the_port_only_where_it_is_unusual(url: str, header: str) -> None:
    assert parse_target(url).host_header == header


FORMS_OF_IPV4: list[Callable[[int], str]] = [
    lambda number: str(IPv4Address(number)),
    lambda number: f"{IPv4Address(number)}.",
    lambda number: str(number),
    lambda number: hex(number),
    lambda number: f"0{number:o}",
    lambda number: ".".join(hex(part) for part in IPv4Address(number).packed),
    lambda number: ".".join(f"0{part:o}" for part in IPv4Address(number).packed),
    lambda number: f"{number >> 24}.{number & 0xFFFFFF}",
    lambda number: f"{number >> 24}.{number >> 16 & 0xFF}.{number & 0xFFFF}",
    lambda number: f"[::ffff:{IPv4Address(number)}]",
    lambda number: f"[::ffff:{number >> 16:x}:{number & 0xFFFF:x}]",
    lambda number: f"[64:ff9b::{IPv4Address(number)}]",
    lambda number: f"[2002:{number >> 16:x}:{number & 0xFFFF:x}::]",
    lambda number: str(IPv4Address(number)).translate(
        {ord(str(digit)): 0xFF10 + digit for digit in range(10)}
    ),
    lambda number: str(IPv4Address(number)).replace(".", "。"),
]


INSIDE_IPV4 = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "192.168.0.0/16",
    "224.0.0.0/3",
]


@given(
    number=st.sampled_from(INSIDE_IPV4).flatmap(lambda network: st.ip_addresses(network=network)).map(int),
    form=st.sampled_from(FORMS_OF_IPV4),
)
def test_no_spelling_of_any_inside_ipv4_address_passes(number: int, form: Callable[[int], str]) -> None:
    with pytest.raises(Invalid):
        parse_target(f"https://{form(number)}/")


@given(
    rest=st.text(max_size=60),
    start=st.sampled_from(["https://", "https://[", "http://", "", "https://127.0.0."]),
)
def test_any_text_is_either_taken_apart_or_refused_in_words(rest: str, start: str) -> None:
    try:
        target = parse_target(start + rest)
    except Invalid as refusal:
        assert refusal.message.endswith(".")
    else:
        assert target.scheme == "https"
        assert target.host.isascii()
        assert target.path.startswith("/")


# Plain http


@pytest.mark.parametrize("url", ["http://example.com/", "http://8.8.4.4/", "http://[2606:4700::1]/"])
def test_plain_http_to_the_public_internet_needs_permission(url: str) -> None:
    with pytest.raises(Invalid, match="plain http"):
        parse_target(url)
    assert parse_target(url, AddressPolicy(allow_http=True)).port == 80


async def test_opening_a_network_opens_plain_http_to_that_network_alone() -> None:
    resolver, _ = answering(["8.8.4.4"])
    target = parse_target("http://hooks.example/", THIS_MACHINE)
    with pytest.raises(Invalid, match="plain http"):
        await resolve(target, THIS_MACHINE, resolver)


# What names lead to


@pytest.mark.parametrize(
    "answers",
    [
        ["127.0.0.1"],
        ["10.1.2.3"],
        ["169.254.169.254"],
        ["::1"],
        ["::ffff:127.0.0.1"],
        ["fe80::1%eth0"],
        ["64:ff9b::7f00:1"],
        ["8.8.4.4", "127.0.0.1"],
        ["2606:4700::1", "8.8.4.4", "fd00::1"],
    ],
)
async def test_a_name_with_one_inside_answer_is_refused(answers: list[str], canary: Listener) -> None:
    resolver, _ = answering(answers)
    with pytest.raises(Invalid, match="leads to"):
        await OutboundClient(PUBLIC_ONLY, resolver=resolver).post(
            f"http://hooks.example:{canary.port}/", body=b"{}"
        )
    assert canary.connections == 0


async def test_a_name_that_was_public_when_it_was_saved_is_judged_again_when_it_is_used(
    canary: Listener,
) -> None:
    resolver, _ = answering(["8.8.4.4"], ["127.0.0.1"])
    url = f"http://rebinding.example:{canary.port}/"
    assert await resolve(parse_target(url, PUBLIC_ONLY), PUBLIC_ONLY, resolver) == ip_address("8.8.4.4")
    with pytest.raises(Invalid):
        await OutboundClient(PUBLIC_ONLY, resolver=resolver).post(url, body=b"{}")
    assert canary.connections == 0


async def test_a_name_is_looked_up_once_and_the_judged_address_is_the_one_connected_to() -> None:
    async with listening() as inside:
        # The second answer points elsewhere: only a second look-up could go there.
        resolver, asked = answering(["127.0.0.1"], ["127.0.0.2"])
        answer = await OutboundClient(THIS_MACHINE, resolver=resolver).post(
            f"http://rebinding.example:{inside.port}/hook?x=1", body=b'{"a": 1}'
        )
        assert answer.status_code == 200
        assert asked == ["rebinding.example"]
        assert inside.requests[-1].startswith(b"POST /hook?x=1 HTTP/1.1\r\n")
        assert inside.requests[-1].endswith(b'\r\n\r\n{"a": 1}')
        assert inside.header("host") == f"rebinding.example:{inside.port}"


@pytest.mark.parametrize("failure", [OSError("no such name"), None])
async def test_a_name_without_an_address_is_worth_another_try(failure: OSError | None) -> None:
    async def resolver(host: str, port: int) -> Sequence[str]:
        if failure:
            raise failure
        return []

    with pytest.raises(DeliveryFailed) as failed:
        await OutboundClient(resolver=resolver).post("https://hooks.example/", body=b"{}")
    assert failed.value.reason == "name"
    assert "no such name" not in failed.value.message


async def test_the_machines_own_resolver_knows_the_machine() -> None:
    assert set(await look_up("localhost", 80)) <= {"127.0.0.1", "::1"}


# What an operator opens


async def test_an_opened_network_is_delivered_to(canary: Listener) -> None:
    policy = AddressPolicy([" 127.0.0.0/8 ", "::1/128", ""])
    client = OutboundClient(policy)
    for host in ("127.0.0.1", "[::ffff:127.0.0.1]", "１２７.0.0.1"):
        assert (await client.post(f"http://{host}:{canary.port}/", body=b"{}")).status_code == 200
    resolver, _ = answering(["127.0.0.1"])
    inside = OutboundClient(policy, resolver=resolver)
    assert (await inside.post(f"http://n8n.internal:{canary.port}/", body=b"{}")).status_code == 200
    assert canary.connections == 4
    assert str(parse_target("http://[::1]/", policy).address) == "::1"


@pytest.mark.parametrize(
    "host", ["127.1", "0x7f000001", "2130706433", "0177.0.0.1", "10.0.0.1", "[::1]", "0.0.0.0"]
)
def test_opening_one_network_opens_neither_another_nor_odd_spellings(host: str) -> None:
    with pytest.raises(Invalid):
        parse_target(f"http://{host}/", THIS_MACHINE)


@pytest.mark.parametrize("host", METADATA)
def test_metadata_services_stay_closed_when_everything_is_opened(host: str) -> None:
    with pytest.raises(Invalid):
        parse_target(f"http://{host}/", AddressPolicy(["0.0.0.0/0", "::/0"], allow_http=True))


@pytest.mark.parametrize(
    "answer", ["169.254.169.254", "fd00:ec2::254", "64:ff9b::a9fe:a9fe", "100.100.100.200"]
)
async def test_a_name_leading_to_a_metadata_service_is_refused_when_everything_is_opened(answer: str) -> None:
    policy = AddressPolicy(["0.0.0.0/0", "::/0"], allow_http=True)
    resolver, _ = answering([answer])
    with pytest.raises(Invalid, match="metadata"):
        await OutboundClient(policy, resolver=resolver).post("http://harmless.example/", body=b"{}")


def test_an_opened_translator_does_not_open_the_networks_behind_it() -> None:
    policy = AddressPolicy(["64:ff9b::/96"])
    assert parse_target("https://[64:ff9b::8.8.4.4]/", policy).port == 443
    with pytest.raises(Invalid):
        parse_target("https://[64:ff9b::10.0.0.1]/", policy)


@pytest.mark.parametrize("network", ["10.0.0.1/8", "lan", "10.0.0.0/33", "10.0.0.0/8;", "127.1"])
def test_a_malformed_network_is_refused(network: str) -> None:
    with pytest.raises(Invalid, match="not a network"):
        AddressPolicy([network])


@pytest.mark.parametrize(
    "network", ["169.254.0.0/16", "169.254.169.254", "fd00:ec2::/64", "100.100.100.200/32"]
)
def test_a_network_that_would_stay_closed_is_refused_rather_than_promised(network: str) -> None:
    with pytest.raises(Invalid, match="stays closed"):
        AddressPolicy([network])


# What receivers answer


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_an_answer_and_is_not_followed(status: int, canary: Listener) -> None:
    moved = (
        f"HTTP/1.1 {status} Moved\r\nlocation: http://127.0.0.1:{canary.port}/\r\ncontent-length: 0\r\n\r\n"
    )
    async with listening(moved.encode()) as receiver:
        answer = await OutboundClient(THIS_MACHINE).post(f"http://127.0.0.1:{receiver.port}/", body=b"{}")
    assert answer.status_code == status
    assert canary.connections == 0


async def test_an_endless_body_is_not_read() -> None:
    async with listening(b"HTTP/1.1 200 OK\r\n\r\nsecret") as receiver:
        receiver.is_endless = True
        async with asyncio.timeout(5):
            answer = await OutboundClient(THIS_MACHINE).post(f"http://127.0.0.1:{receiver.port}/", body=b"{}")
    assert tuple(answer) == (200, None)


async def test_cookies_are_not_kept(canary: Listener) -> None:
    canary.answer = b"HTTP/1.1 200 OK\r\nset-cookie: a=b\r\ncontent-length: 0\r\n\r\n"
    client = OutboundClient(THIS_MACHINE)
    for _ in range(2):
        await client.post(f"http://127.0.0.1:{canary.port}/", body=b"{}")
    assert canary.header("cookie") is None


async def test_proxies_and_passwords_of_the_environment_are_not_used(
    canary: Listener, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login someone password planted\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    async with listening() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        await OutboundClient(THIS_MACHINE).post(f"http://127.0.0.1:{canary.port}/", body=b"{}")
    assert (canary.connections, proxy.connections) == (1, 0)
    assert canary.header("authorization") is None


async def test_given_headers_are_sent_but_the_host_stays_ours(canary: Listener) -> None:
    await OutboundClient(THIS_MACHINE).post(
        f"http://127.0.0.1:{canary.port}/",
        body=b"hello",
        headers={"Webhook-Id": "msg_1", "Content-Type": "text/plain", "Host": "admin.internal"},
    )
    assert canary.header("webhook-id") == "msg_1"
    assert canary.header("content-type") == "text/plain"
    assert canary.header("host") == f"127.0.0.1:{canary.port}"
    assert canary.requests[-1].lower().count(b"\r\nhost:") == 1


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120),
        ("0", 0),
        ("Sun, 01 Mar 2026 12:01:30 GMT", 90),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0),
        ("Sun, 01 Mar 2026 12:01:30 -0000", 90),
        ("", None),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("9" * 40, None),
        ("Sun, 99 Mar 2026 12:01:30 GMT", None),
        ("Sun, 01 Mar 99999999999999999999 12:01:30 GMT", None),
        ("Sun, 01 Mar 2026 12:01:30 +99999999999", None),
    ],
)
async def test_retry_after_is_understood_as_seconds_or_as_a_date(
    text: str, seconds: int | None, canary: Listener
) -> None:
    canary.answer = f"HTTP/1.1 503 Busy\r\nretry-after: {text}\r\ncontent-length: 0\r\n\r\n".encode()
    client = OutboundClient(THIS_MACHINE, clock=FixedClock(NOW))
    answer = await client.post(f"http://127.0.0.1:{canary.port}/", body=b"{}")
    assert tuple(answer) == (503, seconds)


async def test_a_closed_port_is_worth_another_try() -> None:
    async with listening() as gone:
        pass
    with pytest.raises(DeliveryFailed) as failed:
        await OutboundClient(THIS_MACHINE).post(f"http://127.0.0.1:{gone.port}/token-in-path", body=b"{}")
    assert failed.value.reason == "connection"
    assert "token-in-path" not in failed.value.message + failed.value.hint


@pytest.mark.parametrize("answer", [b"", b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 200"])
async def test_a_receiver_that_does_not_speak_http_is_worth_another_try(answer: bytes) -> None:
    async with listening(answer) as receiver:
        with pytest.raises(DeliveryFailed) as failed:
            await OutboundClient(THIS_MACHINE).post(f"http://127.0.0.1:{receiver.port}/", body=b"{}")
    assert failed.value.reason == "protocol"
    assert "SSH" not in failed.value.message


async def test_a_receiver_that_drips_its_answer_is_given_up_on() -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while not writer.is_closing():
            writer.write(b"x-more: 1\r\n")
            await asyncio.sleep(0.02)

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(DeliveryFailed) as failed:
        await OutboundClient(THIS_MACHINE, timeout_seconds=0.3).post(f"http://127.0.0.1:{port}/", body=b"{}")
    assert failed.value.reason == "timeout"
    server.close()


async def test_a_slow_look_up_counts_towards_the_time_limit() -> None:
    async def resolver(host: str, port: int) -> Sequence[str]:
        await asyncio.sleep(30)
        return []

    with pytest.raises(DeliveryFailed) as failed:
        await OutboundClient(resolver=resolver, timeout_seconds=0.05).post(
            "https://hooks.example/", body=b"{}"
        )
    assert failed.value.reason == "timeout"


# Whom TLS speaks to


class Certificates:
    """A private authority: a server side that answers to one name, and a client side that trusts it."""

    def __init__(self, folder: Path, server_name: str) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Switchboard tests")])
        moment = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(moment - timedelta(hours=1))
            .not_valid_after(moment + timedelta(hours=1))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(server_name)]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        file = folder / "server.pem"
        file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + certificate.public_bytes(serialization.Encoding.PEM)
        )
        self.asked_names: list[str | None] = []
        self.server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.server.load_cert_chain(file)
        self.server.sni_callback = lambda connection, asked, context: self.asked_names.append(asked)
        self.client = ssl.create_default_context(cafile=str(file))


async def test_tls_speaks_to_the_name_while_the_connection_goes_to_the_judged_address(tmp_path: Path) -> None:
    certificates = Certificates(tmp_path, "hooks.example")
    resolver, _ = answering(["127.0.0.1"])
    client = OutboundClient(THIS_MACHINE, resolver=resolver, ssl_context=certificates.client)
    async with listening(tls=certificates.server) as receiver:
        answer = await client.post(f"https://hooks.example:{receiver.port}/", body=b"{}")
    assert answer.status_code == 200
    assert certificates.asked_names == ["hooks.example"]
    assert receiver.header("host") == f"hooks.example:{receiver.port}"


async def test_a_connection_verified_for_one_name_is_not_lent_to_another_at_the_same_address(
    tmp_path: Path,
) -> None:
    certificates = Certificates(tmp_path, "hooks.example")
    resolver, _ = answering(["127.0.0.1"])
    client = OutboundClient(THIS_MACHINE, resolver=resolver, ssl_context=certificates.client)
    async with listening(tls=certificates.server) as receiver:
        await client.post(f"https://hooks.example:{receiver.port}/", body=b"{}")
        with pytest.raises(DeliveryFailed) as failed:
            await client.post(f"https://other.example:{receiver.port}/", body=b"{}")
    assert failed.value.reason == "certificate"
    assert len(receiver.requests) == 1


async def test_a_certificate_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    resolver, _ = answering(["127.0.0.1"])
    async with listening(tls=Certificates(tmp_path, "hooks.example").server) as receiver:
        with pytest.raises(DeliveryFailed) as failed:
            await OutboundClient(THIS_MACHINE, resolver=resolver).post(
                f"https://hooks.example:{receiver.port}/", body=b"{}"
            )
    assert failed.value.reason == "certificate"
    assert receiver.requests == []
