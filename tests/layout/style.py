"""The house style that clang-format cannot keep: style.py [--fix] FILE...

  declarations   a blank line follows the declarations that open a block
  null           a condition is `p` or `!p`; NULL is compared only to make a value
  types          char, int, float and double, not GLib's other names for them
  headings       a section begins with one comment line between blank lines, without rules or a full stop
  enums          no comment stands behind the brace of an enum, which would push its members to the right

Prints each offence as file:line: what is wrong; --fix inserts the missing blank lines.

SPDX-License-Identifier: LGPL-2.1-or-later
"""
import re
import sys

QUALIFIER = r'(?:const|static|struct|enum|union|unsigned|volatile|_Thread_local|g_auto(?:free|ptr\(\w+\)|\(\w+\)|list\(\w+\)))'
DECLARATION = re.compile(
    rf'\s+(?:{QUALIFIER}\s+)*[A-Za-z_]\w*(?:\s+\**|\s*\*+\s*)(?:const\s+)?(?:\w+|\(\*\w+\)\(.*)\s*(?:[\[=;,]|$)|\s+static\s|\s+g_auto(?:ptr|list)?\(\w+\)\s+\w+')
STATEMENT = re.compile(r'\s+(?:return|goto|else|case|default|break|continue|if|for|while|do|switch|sizeof)\b')
NULL_TEST = re.compile(r'(?:\b(?:if|while) \(.*[!=]= NULL|[!=]= NULL(?: *\?| &&| \|\|)|(?:&&|\|\|) [^;]*[!=]= NULL'
                       r'|\b(?:g_)?assert(?:_true)?\([^;]*[!=]= NULL\)|\bfail_(?:un|)(?:less|if)\([^,;]*[!=]= NULL)')
TYPES = re.compile(r'\bg(?:char|int|short|long|float|double|uchar)\b')
RULED = re.compile(r'/\* ?[-=*]{2,}|//')
ENUM = re.compile(r'(?:typedef )?enum(?: \w+)? \{ +/\*')
HEADING = re.compile(r'/\*.*\*/$')


def strip(line):
    """The code of a line, without strings and comments that end on it."""
    line = re.sub(r'"(?:\\.|[^"\\])*"', '""', line)
    line = re.sub(r"'(?:\\.|[^'\\])+'", "''", line)
    return re.sub(r'/\*.*?\*/', '', re.sub(r'/\*(?!.*\*/).*', '', line)).rstrip()


def end_of_declaration(lines, i):
    """The index behind the declaration that begins in line i, or i where none does."""
    if not DECLARATION.match(lines[i]) or STATEMENT.match(lines[i]) or lines[i].lstrip().startswith('#'):
        return i
    depth = 0
    for j in range(i, min(i + 80, len(lines))):
        code = strip(lines[j])
        depth += len(re.findall(r'[({\[]', code)) - len(re.findall(r'[)}\]]', code))
        if depth == 0 and code.endswith(';'):
            return j + 1
    return i


def skip_comment(lines, i):
    """The index behind a comment that stands alone, or i."""
    if not lines[i].lstrip().startswith('/*'):
        return i
    while not lines[i].rstrip().endswith('*/'):
        i += 1
    return i + 1


def missing_blanks(lines):
    """The indices before which a blank line is missing."""
    for i, line in enumerate(lines):
        code = strip(line)
        opens = line == '{' or (code.startswith(' ') and code.endswith(') {')) or code.endswith(('else {', 'do {'))
        if not opens or i + 1 >= len(lines):
            continue
        j = last = i + 1
        while True:
            k = skip_comment(lines, j)
            end = end_of_declaration(lines, k)
            if end == k:
                break
            j = last = end
        if last > i + 1 and lines[last].strip() not in ('', '}', '};') and not lines[last].startswith('#'):
            yield last


def check(path, fix):
    with open(path, encoding='utf-8') as file:
        lines = file.read().split('\n')
    blanks = [] if path.endswith('.inc') and 'fixtures' in path else list(missing_blanks(lines))
    if fix and blanks:
        for i in reversed(blanks):
            lines.insert(i, '')
        with open(path, 'w', encoding='utf-8') as file:
            file.write('\n'.join(lines))
        blanks = []
    offences = [(i + 1, 'a blank line belongs after the declarations') for i in blanks]
    for i, line in enumerate(lines):
        code = strip(line)
        if NULL_TEST.search(code):
            offences.append((i + 1, 'write the condition without NULL'))
        if TYPES.search(code):
            offences.append((i + 1, "write C's own name of the type"))
        if ENUM.match(line):
            offences.append((i + 1, 'the comment belongs above the enum'))
        if RULED.match(line):
            offences.append((i + 1, 'a heading is a plain comment'))
        if (HEADING.match(line) and 0 < i < len(lines) - 1 and lines[i - 1] == lines[i + 1] == ''
                and line.endswith('. */') and line.count('. ') == 1):
            offences.append((i + 1, 'a heading has no full stop'))
    for line, what in offences:
        print(f'{path}:{line}: {what}')


if __name__ == '__main__':
    arguments = sys.argv[1:]
    for name in arguments:
        if name != '--fix':
            check(name, '--fix' in arguments)
