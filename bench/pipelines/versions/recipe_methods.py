"""Does a recipe give its method, and what its generator learns, all that they take, and nothing else?"""

from pathlib import Path

from bench.core.errors import UsageError
from bench.core.recipe import Recipe
from bench.core.record import Lines, at_line, parse
from bench.core.registry import unknown
from bench.synthesis import FROM_NOTHING, LAYOUTS, LEARNS_FROM, NEEDS, TAKES
from bench.synthesis.parameters import PARAMETERS, read_adaptation
from bench.synthesis.sentences import check_sentences

# What a method draws from, and the key that says it.
_KEYS = {"prompts": "prompts", "labels": "label_space", "images": "conditioning"}


def check_method(recipe: Recipe, path: Path, lines: Lines) -> None:
    """A method gets what it draws from, and nothing that it would ignore."""
    name = recipe.method.name
    if name not in TAKES:
        where = at_line(str(path), lines, ("method", "name"))
        raise UsageError(f"{where}: method.name: {unknown(name, known=TAKES, kind='synthesis method')}")
    learned = [one.name for one in recipe.adaptations or ()]
    if name in NEEDS and NEEDS[name] not in learned:
        place = at_line(str(path), lines, ("adaptations",) if recipe.adaptations else ("method",))
        raise UsageError(f"{place}: adaptations: method {name} needs {NEEDS[name]}")
    _check_from_nothing(recipe, learned, at_line(str(path), lines, ("adaptations",)))
    if learned and "StableDiffusionPipeline" not in LAYOUTS.get(name, ("StableDiffusionPipeline",)):
        where = at_line(str(path), lines, ("adaptations",))
        raise UsageError(f"{where}: adaptations: the generators of method {name} learn none; leave them out")
    taken = TAKES[name].union(*(LEARNS_FROM[one] for one in learned))
    for what, key in _KEYS.items():
        given, wanted = getattr(recipe, key) is not None, what in taken
        if given != wanted:
            where = at_line(str(path), lines, (key,) if given else ("method",))
            by = next((one for one in learned if what in LEARNS_FROM[one]), None) if what not in TAKES[name] else None
            who = f"adaptation {by}" if by else f"method {name}"
            raise UsageError(f"{where}: {key}: {who} {'takes none; leave it out' if given else 'needs it'}")
    check_sentences(recipe)
    place = at_line(str(path), lines, ("method", "parameters"))
    parse(PARAMETERS[name], dict(recipe.method.parameters), where=f"{place}: method.parameters")


def _check_from_nothing(recipe: Recipe, learned: list[str], where: str) -> None:
    """A network of nothing but what it learns goes with no other generator, and draws no class that it learns from."""
    name = recipe.method.name
    rest = [one for one in learned if FROM_NOTHING & {one, name}]
    if name in FROM_NOTHING:
        rest.remove(name)
    if rest:
        odd = "stands twice" if rest[0] == name else f"does not go with method {name}"
        raise UsageError(f"{where}: adaptations: {rest[0]} {odd}; leave it out")
    if (name in FROM_NOTHING) != bool(recipe.generator.from_nothing):
        asked = "from_nothing: true" if name in FROM_NOTHING else "weights, and no from_nothing"
        raise UsageError(f"{where}: generator: method {name} takes one of {asked}")
    drawn = {item.id for item in recipe.classes}
    for one in recipe.adaptations or ():
        both = sorted(drawn & set(getattr(read_adaptation(one), "source", ())))
        if both:
            raise UsageError(
                f"{where}: adaptations: {one.name} would learn from class {both[0]!r}, which the recipe draws; name"
                " other classes as source"
            )
