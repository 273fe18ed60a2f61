"""Manifests in every notation that people write, with comments in odd places."""

from dataclasses import dataclass

from hypothesis import strategies as st

NOTATIONS = {
    "name": ("name: Ink", "name:   'Ink'   # the name", 'name: "Ink"'),
    "type": ("type: flux.1-lora", "type:\n  flux.1-lora", "type: 'flux.1-lora'"),
    "shortDescription": (
        "shortDescription: Heroes in\n  ink and paper",
        'shortDescription: "caf\\u00e9: #1"   ',
        "shortDescription: >-\n    folded over\n    two lines # and no comment",
        "shortDescription: ''",
    ),
    "tags": (
        "tags: [ink, Comic]",
        "tags: [ b,a ]  # loose",
        "tags:\n- b\n- a",
        "tags:\n    # first\n    - b  # bb\n\n    - 'no'\n    # tail",
        "tags: [b, # in brackets\n  a]",
        "tags: [\n  a,\n  c,\n  b,\n]",
        "tags: []",
    ),
    "description": (
        "description: {file: d.md}",
        "description: { file: 'd.md' } # file",
        "description:\n  # where it is\n  file: d.md",
        "description: |   # literal\n    # not a comment\n\n    text: 1\n      deeper",
        "description: |-\n  one\n  two",
        'description: "one\\n two\\ttab"',
        "description: |+\n  kept\n\n",
    ),
    "examples": (
        "examples:\n  - a.webp\n  # above b\n  - {file: b.webp, asset: asset_1}  # two\n  - c.webp",
        "examples:\n- a.webp\n\n- asset: asset_2\n  # above file\n  file: c.webp\n- d.webp",
        "examples: [a.webp, {glob: '*.webp'}, c.webp]",
        "examples:\n      - a.webp\n      -\n        file: b.webp\n      # the last words",
    ),
    "concepts": (
        "concepts:\n  - {model: other, scale: 0.80}",
        "concepts: [{scale: 1, model: other}]  # one",
        "concepts:\n- scale: -0.5\n  model: other",
    ),
    "epoch": ("epoch: '000001'", 'epoch: "000001" # text'),
    "id": ("id: model_1",),
    "protect": ("protect: true", "protect:   TRUE"),
    "ignore": ("ignore:\n- field: tags\n  until: 2027-01-31\n  reason: 'a test'",),
}

ABOVE = ("", "", "\n", "# above\n", "# section\n\n# above\n", "\n# above: [x]\n# two\n")
TOP = ("", "# yaml-language-server: $schema=x\n", "---\n", "# top\n--- # marker\n", "# top\n\n")
NEW = {
    "name": ("Other", "no", "a: b # c", " padded ", "ünï😀"),
    "shortDescription": ("new", "1.10", 'it\'s "quoted"', "2027-01-31", "x" * 150),
    "tags": ([], ["a"], ["b", "x y"], ["a", "no", "*", "c"]),
    "description": ("line\n", "one\ntwo", "  led\n\nend\n\n", {"file": "e.md"}, "tab\there"),
    "examples": ([], ["c.webp", "a.webp"], [{"asset": "asset_9"}, "a.webp", "n.webp"]),
    "concepts": ([{"model": "m", "scale": 1.0}], [{"model": "other", "scale": 0.8}]),
    "epoch": ("000002",),
    "protect": (False, True),
}


@dataclass(frozen=True)
class Written:
    """A manifest in pieces: what stands on top, and each field with what is right above it."""

    top: str
    names: tuple[str, ...]
    chunks: tuple[str, ...]

    @property
    def text(self) -> str:
        return self.top + "".join(self.chunks)


@st.composite
def manifests(draw: st.DrawFn) -> Written:
    others = st.lists(st.sampled_from(sorted(set(NOTATIONS) - {"name"})), unique=True, min_size=1)
    names = draw(st.permutations(["name", *draw(others)]))
    end = draw(st.sampled_from(["\n", "\n", "\r\n"]))
    chunks = []
    for at, name in enumerate(names):
        above = "" if at == 0 else draw(st.sampled_from(ABOVE))
        chunks.append(above + draw(st.sampled_from(NOTATIONS[name])) + "\n")
    top = draw(st.sampled_from(TOP))
    if end == "\r\n":
        top, chunks = top.replace("\n", end), [chunk.replace("\n", end) for chunk in chunks]
    elif draw(st.booleans()):
        chunks[-1] = chunks[-1].rstrip("\n")
    return Written(top, tuple(names), tuple(chunks))
