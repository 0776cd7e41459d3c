/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/config/label_lines.h"

#include <string.h>

#define SEPARATORS ",;\t|"
#define ID_LENGTH 9 /* n01440764 */

typedef struct Lines {
    GPtrArray *texts; /* char *; a line loses the columns that are recognised */
    guint header;     /* 1 if the first line is a header, else 0 */
    guint columns;    /* recognised: numbers, WordNet ids */
    gboolean table;   /* a column has a separator other than blanks: fields may be quoted */
    guint count;      /* classes of the model */
    const char *file;
    GError **error;
} Lines;

/* A column that was found in a line */
typedef struct Cell {
    const char *from, *to; /* the rest of the line */
    guint64 number;
    gboolean separated; /* from the rest, by more than blanks */
} Cell;

typedef gboolean (*CellFinder)(const char *line, Cell *cell);

/* Lines */

static char *trimmed(const char *from, const char *to)
{
    while (from < to && g_ascii_isspace(*from))
        from++;
    while (from < to && g_ascii_isspace(to[-1]))
        to--;
    return g_strndup(from, (gsize)(to - from));
}

/* The end of the last line that is not blank. */
static const char *end_of_lines(const char *text)
{
    gsize length = strlen(text);

    while (length > 0 && g_ascii_isspace(text[length - 1]))
        length--;
    return text + length;
}

/* Ends of lines are LF, CR LF or CR. */
static guint count_lines(const char *text, const char *end)
{
    guint lines = text < end;

    for (; text < end; text++)
        lines += *text == '\n' || (*text == '\r' && text[1] != '\n');
    return lines;
}

static GPtrArray *split_lines(const char *text, const char *end)
{
    GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);

    while (text < end) {
        const char *line_end = text + strcspn(text, "\r\n");

        g_ptr_array_add(lines, trimmed(text, line_end));
        text = line_end + (*line_end == '\r' && line_end[1] == '\n') + (*line_end != '\0');
    }
    return lines;
}

static guint count_fields(const char *line, const char *separators)
{
    guint fields = 1;

    for (line = strpbrk(line, separators); line; line = strpbrk(line + 1, separators))
        fields++;
    return fields;
}

/* Divides a single line at the only separator that yields a field for each class. */
static gboolean divide_line(Lines *l)
{
    const char *found = NULL, *line = l->texts->pdata[0];

    for (const char *c = SEPARATORS; *c; c++) {
        const char separator[2] = {*c, '\0'};

        if (count_fields(line, separator) != l->count)
            continue;
        if (found)
            return cnx_corrupt(l->error, l->file,
                               "is one line that divides into %u labels at \"%c\" and at \"%c\", "
                               "expected one label per line",
                               l->count, *found, *c);
        found = c;
    }
    if (!found)
        return TRUE;
    const char separator[2] = {*found, '\0'};
    g_auto(GStrv) fields = g_strsplit(line, separator, -1);
    g_ptr_array_set_size(l->texts, 0);
    for (guint i = 0; fields[i]; i++)
        g_ptr_array_add(l->texts, trimmed(fields[i], fields[i] + strlen(fields[i])));
    return TRUE;
}

static gboolean check_lines(const Lines *l)
{
    for (guint i = 0; i < l->texts->len; i++) {
        const char *line = l->texts->pdata[i];

        if (!*line)
            return cnx_corrupt(l->error, l->file, "line %u is empty, expected a label", i + 1);
        if (strlen(line) > CNX_LABEL_MAX)
            return cnx_corrupt(l->error, l->file, "line %u is longer than %d bytes", i + 1,
                               CNX_LABEL_MAX);
    }
    return TRUE;
}

/* Columns */

/* Moves cell->from past a separator. FALSE if there is none, or nothing follows it. */
static gboolean skip_separator(Cell *cell, const char *separators)
{
    const char *start = cell->from;

    while (*cell->from == ' ')
        cell->from++;
    cell->separated = *cell->from && strchr(separators, *cell->from);
    cell->from += cell->separated;
    if (cell->from == start)
        return FALSE;
    while (g_ascii_isspace(*cell->from))
        cell->from++;
    return *cell->from != '\0';
}

/* "0,cat", "0 cat", "0: cat", "0) cat", "\"0\",\"cat\"". */
static gboolean find_leading_number(const char *line, Cell *cell)
{
    const gboolean quoted = *line == '"';
    char *end;

    line += quoted;
    if (!g_ascii_isdigit(*line))
        return FALSE;
    cell->number = g_ascii_strtoull(line, &end, 10);
    if (quoted && *end++ != '"')
        return FALSE;
    if (*end == '.' && g_ascii_isdigit(end[1])) /* 0.5 mm */
        return FALSE;
    cell->from = end;
    cell->to = end + strlen(end);
    return skip_separator(cell, SEPARATORS ":.)=");
}

/* "cat,0", "cat: 0". Not "cat 0", which is a name. */
static gboolean find_trailing_number(const char *line, Cell *cell)
{
    const char *end = line + strlen(line), *p = end;

    while (p > line && g_ascii_isdigit(p[-1]))
        p--;
    if (p == end)
        return FALSE;
    cell->number = g_ascii_strtoull(p, NULL, 10);
    const gboolean blank = p > line && g_ascii_isspace(p[-1]);
    while (p > line && p[-1] == ' ')
        p--;
    if (p == line || !(strchr(SEPARATORS, p[-1]) || (blank && p[-1] == ':')))
        return FALSE;
    for (p--; p > line && g_ascii_isspace(p[-1]);)
        p--;
    cell->from = line;
    cell->to = p;
    cell->separated = TRUE;
    return p > line;
}

/* "n01440764 tench". */
static gboolean find_wordnet_id(const char *line, Cell *cell)
{
    if (*line != 'n' || strspn(line + 1, "0123456789") != ID_LENGTH - 1)
        return FALSE;
    cell->from = line + ID_LENGTH;
    cell->to = line + strlen(line);
    return skip_separator(cell, SEPARATORS ":");
}

/* Returns the cells of a column that every line from `from` on has, or NULL. */
static GArray *find_column(const Lines *l, CellFinder find, guint from, gboolean *separated)
{
    g_autoptr(GArray) cells = g_array_new(FALSE, TRUE, sizeof(Cell));

    *separated = TRUE;
    for (guint i = from; i < l->texts->len; i++) {
        Cell cell = {0};

        if (!find(l->texts->pdata[i], &cell))
            return NULL;
        *separated &= cell.separated;
        g_array_append_val(cells, cell);
    }
    return cells->len > 0 ? g_steal_pointer(&cells) : NULL;
}

/* The same; if only the first line lacks the column, that line is a header. */
static GArray *find_column_or_header(Lines *l, CellFinder find, gboolean *separated)
{
    GArray *cells = find_column(l, find, l->header, separated);

    if (cells || l->header || l->texts->len < 3)
        return cells;
    cells = find_column(l, find, 1, separated);
    if (cells && *separated)
        l->header = 1;
    else
        g_clear_pointer(&cells, g_array_unref);
    return cells;
}

static char *cell_rest(const GArray *cells, guint i)
{
    const Cell *cell = &g_array_index(cells, Cell, i);

    return g_strndup(cell->from, (gsize)(cell->to - cell->from));
}

/* Replaces each line with its rest; if ordered, at the place of its number, counted from first. */
static void cut_column(Lines *l, const GArray *cells, guint first, gboolean ordered)
{
    g_autoptr(GPtrArray) rests = g_ptr_array_new_with_free_func(g_free);

    g_ptr_array_set_size(rests, (int)l->texts->len);
    for (guint i = 0; i < l->header; i++)
        rests->pdata[i] = g_strdup(l->texts->pdata[i]);
    for (guint i = 0; i < cells->len; i++) {
        const guint64 place = ordered ? g_array_index(cells, Cell, i).number - first : (guint64)i;

        rests->pdata[l->header + place] = cell_rest(cells, i);
    }
    g_ptr_array_unref(l->texts);
    l->texts = g_steal_pointer(&rests);
    l->columns++;
}

/* The index of the first cell whose number is not a class number, counted from first, or occurs
 * twice; cells->len if there is none. */
static guint find_stray_number(const GArray *cells, guint first)
{
    g_autofree gboolean *seen = g_new0(gboolean, cells->len);

    for (guint i = 0; i < cells->len; i++) {
        const guint64 number = g_array_index(cells, Cell, i).number;

        if (number < first || number - first >= cells->len || seen[number - first])
            return i;
        seen[number - first] = TRUE;
    }
    return cells->len;
}

static gboolean are_ascending(const GArray *cells)
{
    for (guint i = 1; i < cells->len; i++)
        if (g_array_index(cells, Cell, i).number < g_array_index(cells, Cell, i - 1).number)
            return FALSE;
    return TRUE;
}

static gboolean are_distinct(const GArray *cells)
{
    g_autoptr(GHashTable) rests = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (guint i = 0; i < cells->len; i++)
        if (!g_hash_table_add(rests, cell_rest(cells, i)))
            return FALSE;
    return TRUE;
}

/* Numbers with only a blank after them may belong to the names ("2 people"), so they are cut only
 * if they count the lines and the names differ without them. */
static gboolean cut_numbers(Lines *l, CellFinder find)
{
    gboolean separated;
    g_autoptr(GArray) cells = find_column_or_header(l, find, &separated);

    if (!cells || cells->len != l->count)
        return TRUE;
    const guint stray = find_stray_number(cells, 0);
    const guint first = stray == cells->len ? 0 : 1;
    const gboolean complete = first == 0 || find_stray_number(cells, 1) == cells->len;

    if (separated && !complete)
        return cnx_corrupt(l->error, l->file,
                           "line %u has the number %" G_GUINT64_FORMAT
                           ", expected each class number from 0 to %u, or from 1 to %u, once",
                           l->header + stray + 1, g_array_index(cells, Cell, stray).number,
                           l->count - 1, l->count);
    if (!separated && complete && !are_ascending(cells))
        return cnx_corrupt(l->error, l->file,
                           "has lines that begin with numbers out of order, which may be class "
                           "numbers or part of the names, expected lines such as \"0,NAME\"");
    if (separated || (complete && are_distinct(cells))) {
        l->table |= separated;
        cut_column(l, cells, first, TRUE);
    }
    return TRUE;
}

static void cut_wordnet_ids(Lines *l)
{
    gboolean separated;
    g_autoptr(GArray) cells = find_column_or_header(l, find_wordnet_id, &separated);

    if (!cells)
        return;
    l->table |= separated;
    cut_column(l, cells, 0, FALSE);
}

/* Headers */

static gboolean is_one_of(const char *word, const char *const *words)
{
    g_autofree char *lower = g_ascii_strdown(word, -1);

    return g_strv_contains(words, g_strdelimit(g_strstrip(lower), " -", '_'));
}

/* Whether each field of the line is a word that people put over a column. *sure: hardly a class */
static gboolean is_header(const char *line, gboolean *sure)
{
    static const char *const words[] = {
        "label",      "labels",      "class",     "classes",  "name",        "names",
        "class_name", "class_names", "classname", "category", "label_name",  "description",
        "index",      "idx",         "id",        "class_id", "class_index", "label_id",
        "number",     "wnid",        "synset",    NULL};
    static const char *const single[] = {"label",     "labels",     "class",
                                         "classes",   "class_name", "class_names",
                                         "classname", "label_name", NULL};
    g_auto(GStrv) fields = g_strsplit_set(line, SEPARATORS, -1);

    for (guint i = 0; fields[i]; i++) {
        g_strdelimit(fields[i], "\":", ' ');
        if (!is_one_of(fields[i], words))
            return FALSE;
    }
    *sure = fields[0] && (fields[1] || is_one_of(fields[0], single));
    return fields[0] != NULL;
}

/* Sets l->header if the first line is one by its words. */
static gboolean check_header(Lines *l)
{
    const char *line = l->texts->len > 0 ? l->texts->pdata[0] : "";
    gboolean sure = FALSE;

    if (!l->header && is_header(line, &sure)) {
        l->header = l->texts->len == l->count + 1;
        if (!l->header && l->texts->len == l->count && sure) {
            g_autofree char *quoted = cnx_quote(line);

            return cnx_corrupt(l->error, l->file,
                               "begins with %s, which looks like a header, and has %u more lines, "
                               "but the model has %u classes",
                               quoted, l->texts->len - 1, l->count);
        }
    }
    return TRUE;
}

static gboolean check_columns(const Lines *l)
{
    const guint fields = l->header ? count_fields(l->texts->pdata[0], SEPARATORS) : 0;

    if (fields <= l->columns + 1)
        return TRUE;
    return cnx_corrupt(l->error, l->file,
                       "is a table of %u columns, expected one label per line, alone or after its "
                       "class number or WordNet id",
                       fields);
}

static gpointer fail_count(guint labels, guint count, const char *file, GError **error)
{
    g_set_error(error, CNX_ERROR, CNX_ERROR_MISMATCH,
                "%s: has %u label%s, but the model has %u class%s", file, labels,
                labels == 1 ? "" : "s", count, count == 1 ? "" : "es");
    return NULL;
}

static gboolean check_count(const Lines *l)
{
    const guint labels = l->texts->len - l->header;

    if (labels == l->count)
        return TRUE;
    fail_count(labels, l->count, l->file, l->error);
    return FALSE;
}

/* Quotes */

/* Returns the text of a quoted field, or NULL if text is not one. */
static char *unquoted(const char *text)
{
    const gsize length = strlen(text);
    g_autoptr(GString) out = g_string_new(NULL);

    if (length < 2 || *text != '"' || text[length - 1] != '"')
        return NULL;
    for (const char *p = text + 1; p < text + length - 1; p++) {
        if (*p == '"' && (p[1] != '"' || p + 1 == text + length - 1))
            return NULL;
        p += *p == '"';
        g_string_append_c(out, *p);
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}

static void remove_quotes(Lines *l)
{
    g_autoptr(GPtrArray) plain = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < l->texts->len; i++) {
        char *text = unquoted(l->texts->pdata[i]);

        if (!text && !l->table)
            return; /* quotes on some lines only belong to the names */
        g_ptr_array_add(plain, text ? text : g_strdup(l->texts->pdata[i]));
    }
    g_ptr_array_unref(l->texts);
    l->texts = g_steal_pointer(&plain);
}

static gboolean read_lines(Lines *l)
{
    if (l->texts->len == 1 && l->count > 1 && !divide_line(l))
        return FALSE;
    if (!check_lines(l))
        return FALSE;
    cut_wordnet_ids(l);
    if (!cut_numbers(l, find_leading_number))
        return FALSE;
    if (l->columns == 0 && !cut_numbers(l, find_trailing_number))
        return FALSE;
    cut_wordnet_ids(l);
    if (!check_header(l) || !check_count(l) || !check_columns(l))
        return FALSE;
    remove_quotes(l);
    return check_lines(l);
}

char **cnx_label_lines(const char *text, guint count, const char *file, GError **error)
{
    const char *end = end_of_lines(text);
    const guint lines = count_lines(text, end);

    /* No form has so many lines, and to split them takes many times the size of the file. */
    if (lines > 2 * (gsize)count + 64)
        return fail_count(lines, count, file, error);
    Lines l = {.texts = split_lines(text, end), .count = count, .file = file, .error = error};
    g_autoptr(GPtrArray) labels = g_ptr_array_new();
    const gboolean ok = read_lines(&l);

    for (guint i = l.header; ok && i < l.texts->len; i++)
        g_ptr_array_add(labels, cnx_printable(l.texts->pdata[i], -1));
    g_ptr_array_unref(l.texts);
    g_ptr_array_add(labels, NULL);
    return ok ? (char **)g_ptr_array_free(g_steal_pointer(&labels), FALSE) : NULL;
}
