"""Checks the style rules that clang-format cannot: style.py [--fix] FILE...

  declarations   a blank line follows the declarations that open a block
  null           a condition is `p` or `!p`; comparing with NULL is only for values
  types          char, int, float and double, not GLib's aliases of them
  headings       a section begins with one comment line between blank lines, without a rule or a full stop
  enums          no comment follows the opening brace of an enum, since it would shift the members
  freeing        a local is not freed by hand just before its function returns, but declared g_autofree,
                 g_autoptr() or g_auto()

Prints each offence as `file:line: reason`. --fix inserts the missing blank lines.

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
FREES = ('g_free', 'g_strfreev', 'g_error_free', 'g_clear_error', 'g_object_unref', 'g_clear_object', 'g_clear_pointer',
         'g_array_unref', 'g_byte_array_unref', 'g_bytes_unref', 'g_checksum_free', 'g_dir_close', 'g_hash_table_unref',
         'g_hash_table_destroy', 'g_key_file_free', 'g_key_file_unref', 'g_list_free', 'g_main_loop_unref',
         'g_mapped_file_unref', 'g_match_info_free', 'g_option_context_free', 'g_ptr_array_unref', 'g_queue_free',
         'g_regex_unref', 'g_string_free', 'g_timer_destroy', 'g_variant_unref',
         'json_array_unref', 'json_node_free', 'json_node_unref', 'json_object_unref',
         'gst_buffer_list_unref', 'gst_buffer_unref', 'gst_caps_unref', 'gst_event_unref', 'gst_iterator_free',
         'gst_memory_unref', 'gst_message_unref', 'gst_mini_object_unref', 'gst_object_unref', 'gst_query_unref',
         'gst_sample_unref', 'gst_structure_free', 'gst_tag_list_unref', 'gst_uri_unref')
FREE = re.compile(rf'\s+(?:{"|".join(FREES)})\(&?(\w+)[,)].*;$')
LOCAL = re.compile(r'\s+(?!return\b|static\b|else\b|goto\b|g_auto)(?:const |struct |unsigned )*[A-Za-z_]\w*(?: \*+| )(?=\w)')


def strip(line):
    """The code of a line, without the contents of strings and without comments."""
    line = re.sub(r'"(?:\\.|[^"\\])*"', '""', line)
    line = re.sub(r"'(?:\\.|[^'\\])+'", "''", line)
    return re.sub(r'/\*.*?\*/', '', re.sub(r'/\*(?!.*\*/).*', '', line)).rstrip()


def end_of_declaration(lines, i):
    """The index after the declaration that begins in line i, or i if none does."""
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
    """The index after the comment that begins in line i, or i if none does."""
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


def declared_names(line):
    """The variables that a line declares without g_auto; not the typed name of an untyped parameter."""
    match = LOCAL.match(line)
    if not match or not DECLARATION.match(line) or STATEMENT.match(line) or re.search(r'= [a-z_]+;$', line):
        return set()
    names = re.sub(r'\([^()]*\)|\{[^{}]*\}|\[[^]]*\]', '', line[match.end():])
    return {re.split(r'\W', name.strip(' *'))[0] for name in names.rstrip(';').split(',')}


def frees_by_hand(lines):
    """The indices of lines that free a local just before its function returns."""
    names, waiting = set(), []
    for i, line in enumerate(lines):
        code = strip(line)
        if code == '{':
            names, waiting = set(), []
        names |= declared_names(code)
        match = FREE.match(code)
        if match and match[1] in names:
            waiting.append(i)
        elif code == '}' or re.match(r'\s+return\b', code):
            depth = max(indentation(line), 4)
            yield from (j for j in waiting if indentation(lines[j]) == depth)
            waiting = []
        elif code:
            waiting = []


def indentation(line):
    return len(line) - len(line.lstrip())


def check_file(path, fix):
    with open(path, encoding='utf-8') as file:
        lines = file.read().split('\n')
    blanks = [] if path.endswith('.inc') and 'fixtures' in path else list(missing_blanks(lines))
    if fix and blanks:
        for i in reversed(blanks):
            lines.insert(i, '')
        with open(path, 'w', encoding='utf-8') as file:
            file.write('\n'.join(lines))
        blanks = []
    offences = [(i + 1, 'a blank line is missing after the declarations') for i in blanks]
    for i, line in enumerate(lines):
        code = strip(line)
        if NULL_TEST.search(code):
            offences.append((i + 1, 'the condition compares with NULL'))
        if TYPES.search(code):
            offences.append((i + 1, "use C's name of the type"))
        if ENUM.match(line):
            offences.append((i + 1, 'the comment belongs above the enum'))
        if RULED.match(line):
            offences.append((i + 1, 'a heading is a plain comment without rules'))
        if (HEADING.match(line) and 0 < i < len(lines) - 1 and lines[i - 1] == lines[i + 1] == ''
                and line.endswith('. */') and line.count('. ') == 1):
            offences.append((i + 1, 'a heading has no full stop'))
    offences += [(i + 1, 'declare the variable g_autofree, g_autoptr() or g_auto()') for i in frees_by_hand(lines)]
    for line, what in offences:
        print(f'{path}:{line}: {what}')


if __name__ == '__main__':
    for name in sys.argv[1:]:
        if name != '--fix':
            check_file(name, '--fix' in sys.argv)
