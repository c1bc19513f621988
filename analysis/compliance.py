from analysis.tables import Table


def check(folder, notebook, *, comparison=None, reasons=()):
    return None


def to_json(checked):
    return "null\n"


def shown(checked):
    return [Table(("a",), (("b",),))]
