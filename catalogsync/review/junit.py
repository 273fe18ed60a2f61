"""Problems as JUnit XML, for the test reports of CI systems."""

from itertools import groupby
from xml.etree import ElementTree

from catalogsync.errors import Problem
from catalogsync.review.checked import Checked
from catalogsync.review.words import visible


def as_junit(checked: Checked) -> str:
    """One suite a file and one failed case a problem; one case that passed if there is none."""
    count = str(len(checked.problems))
    tests = count if checked.problems else "1"
    root = ElementTree.Element("testsuites", name="catalog-sync", tests=tests, failures=count)
    for path, problems in groupby(checked.in_repository, key=lambda problem: problem.path):
        _add_suite(root, visible(path), list(problems))
    if not checked.problems:
        suite = ElementTree.SubElement(root, "testsuite", name="catalog", tests="1", failures="0")
        ElementTree.SubElement(suite, "testcase", classname="catalog", name="no problems")
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding="us-ascii", xml_declaration=False).decode("ascii")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _add_suite(root: ElementTree.Element, path: str, problems: list[Problem]) -> None:
    count = str(len(problems))
    suite = ElementTree.SubElement(root, "testsuite", name=path, tests=count, failures=count)
    for problem in problems:
        message = visible(problem.message)
        case = ElementTree.SubElement(
            suite, "testcase", classname=path, name=message, file=path, line=str(problem.line)
        )
        failure = ElementTree.SubElement(case, "failure", message=message)
        failure.text = visible(str(problem))
