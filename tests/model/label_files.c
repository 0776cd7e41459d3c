/* Files of labels as people and programs write them: each is read, or refused with a sentence.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include <glib/gstdio.h>
#include <unistd.h>

#include "model/config/labels.h"

#define BYTES(text) text, sizeof(text) - 1

/* joined: the labels with "/" between them; NULL if the file is refused. fault: what the error
 * says. */
typedef struct LabelFile {
    const char *name, *text;
    gsize size;
    guint classes;
    const char *joined, *fault;
} LabelFile;

static const LabelFile files[] = {
    /* Lines */
    {"lf", BYTES("a\nb\nc\n"), 3, "a/b/c", NULL},
    {"no last newline", BYTES("a\nb\nc"), 3, "a/b/c", NULL},
    {"cr lf", BYTES("a\r\nb\r\nc\r\n"), 3, "a/b/c", NULL},
    {"cr", BYTES("a\rb\rc\r"), 3, "a/b/c", NULL},
    {"blank lines at the end", BYTES("a\nb\nc\n\n \n"), 3, "a/b/c", NULL},
    {"blank lines at the end, cr lf", BYTES("a\r\nb\r\nc\r\n\r\n"), 3, "a/b/c", NULL},
    {"blank line within", BYTES("a\n\nb\n"), 3, NULL, "line 2 is empty"},
    {"blank line within, right number of labels", BYTES("a\n\nb\n"), 2, NULL, "line 2 is empty"},
    {"blank line first", BYTES("\na\nb\n"), 3, NULL, "line 1 is empty"},
    {"empty", BYTES(""), 3, NULL, "has 0 labels, but the model has 3 classes"},
    {"too few", BYTES("a\nb\n"), 3, NULL, "has 2 labels, but the model has 3 classes"},
    {"too many", BYTES("a\nb\nc\nd\n"), 3, NULL, "has 4 labels, but the model has 3 classes"},
    {"commas in names", BYTES("tench, Tinca tinca\ngoldfish, Carassius auratus\n"), 2,
     "tench, Tinca tinca/goldfish, Carassius auratus", NULL},

    /* Encodings */
    {"utf-8 mark",
     BYTES("\xef\xbb\xbf"
           "a\nb\nc\n"),
     3, "a/b/c", NULL},
    {"utf-16 little",
     BYTES("\xff\xfe"
           "a\0\r\0\n\0\xe4\0\r\0\n\0c\0\r\0\n\0"),
     3, "a/ä/c", NULL},
    {"utf-16 big", BYTES("\xfe\xff\0a\0\n\0b\0\n\0c"), 3, "a/b/c", NULL},
    {"utf-16 cut short",
     BYTES("\xff\xfe"
           "a\0\n\0b"),
     2, NULL, "UTF-16"},
    {"utf-16 without mark", BYTES("a\0\n\0b\0\n\0"), 2, NULL, "NUL bytes"},
    {"utf-32", BYTES("\xff\xfe\0\0a\0\0\0\n\0\0\0b\0\0\0"), 2, NULL, "UTF-16"},
    {"latin-1", BYTES("a\n\xe4\n"), 2, NULL, "is not UTF-8 text"},
    {"control characters",
     BYTES("a\x1b[31m\nb\tc\n\xe2\x80\xae"
           "d\n"),
     3, "a�[31m/b c/�d", NULL},
    {"isolates",
     BYTES("\xe2\x81\xa6"
           "a\xe2\x81\xa9\nb\n"),
     2, "�a�/b", NULL},

    /* One line */
    {"semicolons", BYTES("a;b;c\n"), 3, "a/b/c", NULL},
    {"commas", BYTES("a, b, c\n"), 3, "a/b/c", NULL},
    {"semicolons between names with commas", BYTES("a, x; b; c"), 3, "a, x/b/c", NULL},
    {"semicolons or commas", BYTES("a;b,c"), 2, NULL, "at \",\" and at \";\""},
    {"another number of semicolons", BYTES("a;b"), 3, NULL, "has 1 label, but the model has 3"},
    {"empty field", BYTES("a;;c"), 3, NULL, "line 2 is empty"},
    {"one class", BYTES("a;b"), 1, "a;b", NULL},

    /* Numbers */
    {"0,cat", BYTES("0,a\n1,b\n2,c\n"), 3, "a/b/c", NULL},
    {"0, cat", BYTES("0, a\n1, b\n2, c\n"), 3, "a/b/c", NULL},
    {"0 cat", BYTES("0 a\n1 b\n2 c\n"), 3, "a/b/c", NULL},
    {"0: cat", BYTES("0: a\n1: b\n2: c\n"), 3, "a/b/c", NULL},
    {"0<tab>cat", BYTES("0\ta\n1\tb\n2\tc\n"), 3, "a/b/c", NULL},
    {"from 1", BYTES("1,a\n2,b\n3,c\n"), 3, "a/b/c", NULL},
    {"from 1 with blanks", BYTES("1 a\n2 b\n3 c\n"), 3, "a/b/c", NULL},
    {"out of order", BYTES("2,c\n0,a\n1,b\n"), 3, "a/b/c", NULL},
    {"out of order with blanks", BYTES("2 c\n0 a\n1 b\n"), 3, NULL, "out of order"},
    {"a number is missing", BYTES("0,a\n1,b\n3,c\n"), 3, NULL, "line 3 has the number 3"},
    {"a number twice", BYTES("0,a\n1,b\n1,c\n"), 3, NULL, "line 3 has the number 1"},
    {"from 2", BYTES("2,a\n3,b\n4,c\n"), 3, NULL, "line 2 has the number 3"},
    {"more numbers than classes", BYTES("0,a\n1,b\n2,c\n"), 2, NULL, "has 3 labels"},
    {"fewer numbers than classes", BYTES("1,a\n2,b\n"), 3, NULL, "has 2 labels"},
    {"numbers in names", BYTES("10 euro\n20 euro\n50 euro\n"), 3, "10 euro/20 euro/50 euro", NULL},
    {"numbers that tell names apart", BYTES("0 people\n1 people\n2 people\n"), 3,
     "0 people/1 people/2 people", NULL},
    {"numbers alone", BYTES("0\n1\n2\n"), 3, "0/1/2", NULL},
    {"decimal fractions", BYTES("0.5 mm\n1.5 mm\n"), 2, "0.5 mm/1.5 mm", NULL},
    {"numbers last in names", BYTES("thing 0\nthing 1\n"), 2, "thing 0/thing 1", NULL},
    {"ratios", BYTES("format 4:3\nformat 16:9\n"), 2, "format 4:3/format 16:9", NULL},
    {"a number on one of two lines", BYTES("cat\n0, dog\n"), 2, "cat/0, dog", NULL},
    {"cat,0", BYTES("c,2\na,0\nb,1\n"), 3, "a/b/c", NULL},
    {"cat: 0", BYTES("c: 2\na: 0\nb: 1\n"), 3, "a/b/c", NULL},
    {"quoted fields", BYTES("0,\"a, x\"\n1,b\n2,\"c \"\"y\"\"\"\n"), 3, "a, x/b/c \"y\"", NULL},
    {"every field quoted", BYTES("\"0\",\"a\"\n\"1\",\"b\"\n"), 2, "a/b", NULL},
    {"quoted lines", BYTES("\"a\"\n\"b\"\n"), 2, "a/b", NULL},
    {"quotes in names", BYTES("\"a\"\nb\n"), 2, "\"a\"/b", NULL},

    /* WordNet ids */
    {"ids", BYTES("n01440764 tench\nn01443537 goldfish\n"), 2, "tench/goldfish", NULL},
    {"ids with tabs", BYTES("n01440764\ttench\nn01443537\tgoldfish\n"), 2, "tench/goldfish", NULL},
    {"ids alone", BYTES("n01440764\nn01443537\n"), 2, "n01440764/n01443537", NULL},
    {"numbers and ids", BYTES("0,n01440764,tench\n1,n01443537,goldfish\n"), 2, "tench/goldfish",
     NULL},
    {"ids and numbers", BYTES("n01443537 2 goldfish\nn01440764 1 tench\n"), 2, NULL,
     "out of order"},

    /* Headers */
    {"header of names", BYTES("label\na\nb\nc\n"), 3, "a/b/c", NULL},
    {"header of a table", BYTES("id,label\n0,a\n1,b\n2,c\n"), 3, "a/b/c", NULL},
    {"header of any words", BYTES("Nummer;Tier\n0;a\n1;b\n2;c\n"), 3, "a/b/c", NULL},
    {"header, numbers last", BYTES("name,id\na,0\nb,1\nc,2\n"), 3, "a/b/c", NULL},
    {"header of pandas", BYTES(",0\n0,a\n1,b\n2,c\n"), 3, "a/b/c", NULL},
    {"header in place of a label", BYTES("id,label\n0,a\n1,b\n"), 3, NULL, "has 2 labels"},
    {"header of names in place of a label", BYTES("label\na\nb\n"), 3, NULL, "looks like a header"},
    {"a class that could be a header", BYTES("name\naddress\ndate\n"), 3, "name/address/date",
     NULL},
    {"header with ids", BYTES("wnid,label\nn01440764,tench\nn01443537,goldfish\n"), 2,
     "tench/goldfish", NULL},
    {"too many columns", BYTES("id,label,category\n0,a,x\n1,b,y\n"), 2, NULL, "table of 3 columns"},
    {"columns without numbers", BYTES("label,description\na,x\nb,y\n"), 2, NULL,
     "table of 2 columns"},
    {"yaml", BYTES("names:\n  0: a\n  1: b\n"), 2, "a/b", NULL},

    /* JSON */
    {"list", BYTES("[\"a\", \"b\", \"c\"]\n"), 3, "a/b/c", NULL},
    {"list on lines", BYTES("[\n \"a\",\n \"b\",\n \"c\"\n]\n"), 3, "a/b/c", NULL},
    {"list of numbers", BYTES("[1, 2, 3]"), 3, "1/2/3", NULL},
    {"list too short", BYTES("[\"a\", \"b\"]"), 3, NULL, ": names 2 classes"},
    {"list of objects", BYTES("[{\"id\":0,\"name\":\"a\"},{\"id\":1,\"name\":\"b\"}]"), 2, NULL,
     "neither a string nor a number"},
    {"names in brackets", BYTES("[a]\n[b]\n"), 2, "[a]/[b]", NULL},
    {"bare id2label",
     BYTES("{\"1\":\"b\",\"0\":\"a\",\"10\":\"k\",\"2\":\"c\",\"3\":\"d\",\"4\":"
           "\"e\",\"5\":\"f\",\"6\":\"g\",\"7\":\"h\",\"8\":\"i\",\"9\":\"j\"}"),
     11, "a/b/c/d/e/f/g/h/i/j/k", NULL},
    {"id2label from 1", BYTES("{\"1\":\"a\",\"2\":\"b\"}"), 2, "a/b", NULL},
    {"id2label with a gap", BYTES("{\"0\":\"a\",\"2\":\"b\"}"), 2, NULL, "class number 2"},
    {"id2label too short", BYTES("{\"0\":\"a\",\"1\":\"b\"}"), 3, NULL, ": names 2 classes"},
    {"label2id", BYTES("{\"b\":1,\"a\":0}"), 2, "a/b", NULL},
    {"label2id with a number twice", BYTES("{\"b\":1,\"a\":1}"), 2, NULL, "class number 1"},
    {"config.json",
     BYTES("{\"model_type\":\"x\",\"id2label\":{\"0\":\"a\",\"1\":\"b\"},"
           "\"label2id\":{\"a\":0,\"b\":1}}"),
     2, "a/b", NULL},
    {"config.json, only label2id", BYTES("{\"label2id\":{\"b\":1,\"a\":0}}"), 2, "a/b", NULL},
    {"numbers on both sides", BYTES("{\"0\":1,\"1\":0}"), 2, NULL, "maps numbers to other numbers"},
    {"equal numbers", BYTES("{\"1\":1,\"0\":0}"), 2, "0/1", NULL},
    {"no numbers", BYTES("{\"a\":\"x\",\"b\":\"y\"}"), 2, NULL, "expected class numbers"},
    {"keras", BYTES("{\"0\":[\"n01440764\",\"tench\"],\"1\":[\"n01443537\",\"goldfish\"]}"), 2,
     "tench/goldfish", NULL},
    {"placeholders", BYTES("{\"0\":\"LABEL_0\",\"1\":\"LABEL_1\"}"), 2, NULL, "placeholders"},
    {"a dictionary of python", BYTES("{0: 'a',\n 1: 'b'}"), 2, NULL, "is not valid JSON"},
    {"half a surrogate pair", BYTES("[\"a\\ud800\", \"\\udc00b\", \"\\ud83d\\ude00\"]"), 3,
     "a�/�b/😀", NULL},
    {"a short escape", BYTES("{\"0\":\"a\\u00\\u12\"}"), 1, NULL,
     "has an escape \\u without four hexadecimal digits"},
    {"an escaped backslash", BYTES("[\"\\\\ud800\", \"a\\u0000b\"]"), 2, "\\ud800/a�b", NULL},
    {"an escaped newline", BYTES("[\"a\\nb\", \"\\u001b[0m\"]"), 2, "a b/�[0m", NULL},
};

static void test_file(gconstpointer data)
{
    const LabelFile *f = data;
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) labels = cnx_labels_parse(f->text, f->size, f->classes, "FILE", &error);

    if (f->joined) {
        g_assert_no_error(error);
        g_autofree char *joined = g_strjoinv("/", labels);
        g_assert_cmpstr(joined, ==, f->joined);
        g_assert_cmpuint(g_strv_length(labels), ==, f->classes);
    } else {
        g_assert_null(labels);
        g_assert_nonnull(error);
        g_test_message("%s", error->message);
        g_assert_true(g_str_has_prefix(error->message, "FILE: "));
        g_assert_nonnull(strstr(error->message, f->fault));
    }
}

/* Folders, in a new folder; a name that ends in "." is a file, one that ends in "@" a link. */
typedef struct Folder {
    const char *name, *entries;
    guint classes;
    const char *joined, *fault;
} Folder;

/* The order of "upper case", "numbers" and "code points" is what torchvision's find_classes()
 * gives. */
static const Folder folders[] = {
    {"upper case", "cat/Zebra/ant/readme.", 3, "Zebra/ant/cat", NULL},
    {"numbers", "10/2/1", 3, "1/10/2", NULL},
    {"code points", "\xc3\xa4/z/\xf0\x9f\x98\x80/\xef\xbf\xbd", 4,
     "z/\xc3\xa4/\xef\xbf\xbd/\xf0\x9f\x98\x80", NULL},
    {"hidden", "a/.b", 2, ".b/a", NULL},
    {"link", "a/b@", 2, "a/b", NULL},
    {"control characters", "a\nb\033/c", 2, "a b�/c", NULL},
    {"train and val", "train/val", 10, NULL,
     "), but the model has 10 classes; expected one subfolder for each class"},
    {"one more", "a/b/c/d", 3, NULL, "has 4 subfolders (\""},
    {"no subfolders", "a.", 2, NULL,
     "has 0 subfolders, but the model has 2 classes; expected one subfolder for each class"},
};

static void expect_labels(char **labels, const GError *error, const char *joined, const char *fault)
{
    if (joined) {
        g_assert_no_error(error);
        g_autofree char *found = g_strjoinv("/", labels);
        g_assert_cmpstr(found, ==, joined);
    } else {
        g_assert_null(labels);
        g_assert_nonnull(error);
        g_test_message("%s", error->message);
        g_assert_nonnull(strstr(error->message, fault));
    }
}

static void test_folder(gconstpointer data)
{
    const Folder *f = data;
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = g_dir_make_tmp("labels-XXXXXX", NULL);
    g_auto(GStrv) entries = g_strsplit(f->entries, "/", -1);

    for (guint i = 0; entries[i]; i++) {
        g_autofree char *path = g_build_filename(folder, entries[i], NULL);
        char *last = path + strlen(path) - 1;

        if (*last == '.') {
            g_assert_true(g_file_set_contents(path, "", 0, NULL));
        } else if (*last == '@') {
            *last = '\0';
            g_assert_cmpint(symlink("..", path), ==, 0);
        } else {
            g_assert_cmpint(g_mkdir(path, 0700), ==, 0);
        }
    }
    g_auto(GStrv) labels = cnx_labels_read(folder, f->classes, &error);
    expect_labels(labels, error, f->joined, f->fault);
    for (guint i = 0; entries[i]; i++) {
        g_autofree char *path = g_build_filename(folder, g_strdelimit(entries[i], "@", '\0'), NULL);

        g_assert_cmpint(g_remove(path), ==, 0);
    }
    g_assert_cmpint(g_rmdir(folder), ==, 0);
}

static const struct {
    const char *text;
    guint classes;
    const char *joined, *fault;
} lists[] = {
    {"cat,dog,bird", 3, "cat/dog/bird", NULL},
    {" cat , big dog,3", 3, "cat/big dog/3", NULL},
    {"a\x1b,\xff", 2, "a�/�", NULL},
    {"cat,dog", 3, NULL,
     "labels \"cat,dog\": no file has this name, and as a list it has 2 labels, but the model has "
     "3 "
     "classes"},
    {"cat,,dog", 3, NULL, "label 2 of the list is empty"},
    {"cat,dog, ", 3, NULL, "label 3 of the list is empty"},
    {"/nowhere/labels.txt", 3, NULL, "/nowhere/labels.txt: "},
};

static void test_lists(void)
{
    g_autofree char *name = g_strdup_printf("%s/list-%d,b", g_get_tmp_dir(), (int)getpid());
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i < G_N_ELEMENTS(lists); i++) {
        g_autoptr(GError) cause = NULL;
        g_auto(GStrv) labels = cnx_labels_read(lists[i].text, lists[i].classes, &cause);

        expect_labels(labels, cause, lists[i].joined, lists[i].fault);
    }
    g_assert_true(g_file_set_contents(name, "x\ny\n", -1, NULL));
    g_auto(GStrv) of_file = cnx_labels_read(name, 2, &error);
    expect_labels(of_file, error, "x/y", NULL);
    g_remove(name);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = g_strdup_printf("/label-files/%s", files[i].name);

        g_strdelimit(path + 13, "/<>", '-');
        g_test_add_data_func(path, &files[i], test_file);
    }
    for (guint i = 0; i < G_N_ELEMENTS(folders); i++) {
        g_autofree char *path = g_strdup_printf("/label-folders/%s", folders[i].name);

        g_test_add_data_func(path, &folders[i], test_folder);
    }
    g_test_add_func("/label-lists", test_lists);
    return g_test_run();
}
