"""XML bodies, which only a few old clients send: the texts of flat elements.

H1  Entities are refused, nesting is bounded: a document costs time linear in its length.

Not here: which elements mean what (api/shape.py).
"""

from __future__ import annotations

from yadokari.base.errors import BadRequest

XML_DEPTH_MAX = 100
"""Fixed shapes are flat; deeper documents are not for us."""


def xml_pairs(text: bytes) -> list[tuple[str, str]]:
    """The texts of the elements below the root of an XML document.

    Raises:
        BadRequest: no well-formed XML, one that declares entities, or one too deep.
    """
    from xml.parsers import expat

    pairs: list[tuple[str, str]] = []
    path: list[str] = []
    pieces: list[str] = []

    def start(name: str, _attributes: dict[str, str]) -> None:
        path.append(name.rpartition(":")[2])
        if len(path) > XML_DEPTH_MAX:
            raise BadRequest
        if len(path) == 2:
            pieces.clear()

    def end(_name: str) -> None:
        if len(path) == 2:
            pairs.append((path[1], "".join(pieces)))
        path.pop()

    def characters(data: str) -> None:
        if len(path) == 2:
            pieces.append(data)

    def refuse(*_arguments: object) -> int:
        raise BadRequest

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = characters
    parser.EntityDeclHandler = refuse
    parser.ExternalEntityRefHandler = refuse
    try:
        parser.Parse(text, True)
    except (expat.ExpatError, LookupError, ValueError) as exc:
        raise BadRequest from exc
    return pairs
