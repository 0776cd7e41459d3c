/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>

#include "tests/model/support/hostile.h"

#define TEXT_BYTES (4 << 20)
#define HEADER_BYTES 99000000 /* just below the format's limit */
#define COLLISIONS 200000
#define PRIME 131071u /* slots of a GHashTable with about COLLISIONS / 2 members */

#define INDEX "model.safetensors.index.json"
#define TRANSFORMERS "{\"model_type\":\"convnext\",\"num_labels\":10"
#define TIMM "{\"architecture\":\"convnext_any\",\"num_classes\":10"

static void append_number(GString *out, guint i)
{
    g_string_append_printf(out, "%u", i);
}

/* i in the digits "Ab" and "BA", which g_str_hash does not tell apart. */
static void append_equal_hash(GString *out, guint i)
{
    for (guint bit = 0; bit < 20; bit++)
        g_string_append(out, i >> bit & 1 ? "BA" : "Ab");
}

/* A name whose g_str_hash is a multiple of PRIME: three characters that complete a number. */
static void append_equal_slot(GString *out, guint i)
{
    for (guint salt = 0;; salt++) {
        g_autofree char *begin = g_strdup_printf("%u.%u.", i, salt);
        const guint32 hash = g_str_hash(begin) * 33 * 33 * 33;
        const guint least = 33 * 33 * 'A' + 33 * 'A' + 'A';
        const guint rest = (PRIME - (hash + least) % PRIME) % PRIME;

        if (rest < 26 * 33 * 33 && rest / 33 % 33 < 26 && rest % 33 < 26 &&
            hash < G_MAXUINT32 - 4 * PRIME) {
            g_string_append_printf(out, "%s%c%c%c", begin, 'A' + rest / (33 * 33),
                                   'A' + rest / 33 % 33, 'A' + rest % 33);
            return;
        }
    }
}

/* Two tensors, of which the first one has a file of its own. */
static void append_shard(GString *out, guint i)
{
    g_string_append_printf(out, "a%u\":\"file%u\",\"b%u", i, i, i);
}

static void append_same(GString *out, guint i)
{
    g_string_append(out, "same");
}

/* Members of an object: `name`: value, `name`: value, ... */
static void append_members(GString *out, guint count, void (*append)(GString *out, guint i),
                           const char *value)
{
    for (guint i = 0; i < count; i++) {
        g_string_append(out, i ? ",\"" : "\"");
        append(out, i);
        g_string_append_printf(out, "\":%s", value);
    }
}

static void append_copies(GString *out, const char *text, gsize bytes)
{
    for (const gsize end = out->len + bytes; out->len < end;)
        g_string_append(out, text);
}

/* Configs: begin, copies of a text up to TEXT_BYTES, end. */
static const struct {
    const char *name, *file, *begin, *copies, *end;
} fills[] = {
    {"JSON: empty arrays", "config.json", TRANSFORMERS ",\"x\":[[]", ",[]", "]}"},
    {"JSON: empty objects", "config.json", TRANSFORMERS ",\"x\":[{}", ",{}", "]}"},
    {"JSON: arrays of one", "config.json", TRANSFORMERS ",\"x\":[[]", ",[0]", "]}"},
    {"JSON: objects of one", "config.json", TRANSFORMERS ",\"x\":[{}", ",{\"\":0}", "]}"},
    {"JSON: integers", "config.json", TRANSFORMERS ",\"x\":[0", ",0", "]}"},
    {"JSON: numbers", "config.json", TRANSFORMERS ",\"x\":[0", ",1.5", "]}"},
    {"JSON: empty strings", "config.json", TRANSFORMERS ",\"x\":[0", ",\"\"", "]}"},
    {"JSON: short strings", "config.json", TRANSFORMERS ",\"x\":[0",
     ",\"abcdefghijklmnopqrstuvwxyz\"", "]}"},
    {"JSON: null", "config.json", TRANSFORMERS ",\"x\":[0", ",null", "]}"},
    {"JSON: deep nesting", "config.json", TRANSFORMERS ",\"x\":", "[", ""},
    {"JSON: nested arrays", "config.json", TRANSFORMERS ",\"x\":[0",
     ",[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]", "]}"},
    {"JSON: long string", "config.json", TRANSFORMERS ",\"x\":\"", "abcdefgh", "\"}"},
    {"JSON: long escapes", "config.json", TRANSFORMERS ",\"x\":\"", "\\u0001", "\"}"},
    {"JSON: long key", "config.json", TRANSFORMERS ",\"", "abcdefgh", "\":0}"},
    {"JSON: long word", "config.json", TRANSFORMERS ",\"x\":", "abcdefgh", "}"},
    {"JSON: long number", "config.json", TRANSFORMERS ",\"x\":", "1234567", "}"},
    {"JSON: size is a long string", "config.json", TRANSFORMERS ",\"image_size\":\"", "\\u0001",
     "\"}"},
    {"JSON: size is a long array", "config.json", TRANSFORMERS ",\"image_size\":[0", ",0", "]}"},
    {"JSON: long model_type", "config.json", "{\"model_type\":\"", "abcdefgh", "\"}"},
    {"JSON: long label", "config.json",
     TRANSFORMERS
     ",\"id2label\":{\"1\":\"a\",\"2\":\"a\",\"3\":\"a\",\"4\":\"a\",\"5\":\"a\",\"6\":"
     "\"a\",\"7\":\"a\",\"8\":\"a\",\"9\":\"a\",\"0\":\"",
     "abcdefgh", "\"}}"},
    {"JSON: labels of one description", "config.json",
     TIMM ",\"label_names\":[\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\"],"
          "\"label_descriptions\":{\"a\":\"",
     "abcdefgh", "\"}}"},
    {"JSON: labels are too many", "config.json", TIMM ",\"label_names\":[\"a\"", ",\"a\"", "]}"},
    {"JSON: preprocessor of empty arrays", "preprocessor_config.json", "{\"x\":[[]", ",[]", "]}"},
    {"index: empty objects", INDEX, "{\"x\":[{}", ",{}", "]}"},
    {"index: long file name", INDEX, "{\"weight_map\":{\"a\":\"", "abcdefgh", "\"}}"},
    {"labels: empty lines", "labels.txt", "", "\n", ""},
    {"labels: one long line", "labels.txt", "", "abcdefgh", "\n"},
};

/* Other configs */
static const struct {
    const char *name;
    void (*append)(GString *out, guint i);
    guint count;
    const char *begin, *value, *end;
    guint classes; /* 0: the text is an index */
} objects[] = {
    {"JSON: labels, more than classes", append_number, 200000, TRANSFORMERS ",\"id2label\":{",
     "\"a\"", "}}", 10},
    {"JSON: label2id", append_number, 200000, TRANSFORMERS ",\"label2id\":{", "0", "}}", 10},
    {"JSON: keys of equal hash", append_equal_hash, COLLISIONS / 4, TRANSFORMERS ",\"x\":{", "0",
     "}}", 10},
    {"JSON: keys of an equal slot", append_equal_slot, COLLISIONS / 2, TRANSFORMERS ",\"x\":{", "0",
     "}}", 10},
    {"JSON: one key", append_same, COLLISIONS, TRANSFORMERS ",\"x\":{", "0", "}}", 10},
    {"JSON: image_size 16384", append_number, 1, TRANSFORMERS ",\"image_size\":16384,\"x\":{", "0",
     "}}", 10},
    {"JSON: input_size 16384", append_number, 1, TIMM ",\"input_size\":[3,16384,16384],\"x\":{",
     "0", "}}", 10},
    {"index: many shards", append_shard, 30000, "{\"weight_map\":{", "\"file\"", "}}", 0},
    {"JSON: labels of 22k classes", append_number, 21841,
     "{\"architecture\":\"convnext_any\",\"id2label\":{", "\"a label of the usual length\"", "}}",
     21841},
    {"JSON: one description, 60000 classes", append_number, 60000,
     "{\"architecture\":\"convnext_any\",\"label_descriptions\":{\"a\":\"$\"},\"id2label\":{",
     "\"a\"", "}}", 60000},
};

const guint hostile_configs = G_N_ELEMENTS(fills) + G_N_ELEMENTS(objects) + 1;

static void write_weights(const char *folder, guint classes)
{
    const HostileNetwork network = {8, 4, 1, classes};

    hostile_write_network(folder, &network);
}

/* As many labels as classes, in lines of two bytes. */
static const char *write_short_labels(const char *folder)
{
    const HostileNetwork network = {1, 4, 1, 4 << 20};
    g_autoptr(GString) text = g_string_new(NULL);

    hostile_write_network(folder, &network);
    append_copies(text, "a\n", 2 * network.classes);
    hostile_write(folder, "labels.txt", text);
    return "labels: four million";
}

const char *hostile_write_config(const char *folder, guint number)
{
    g_autoptr(GString) text = g_string_new(NULL);
    const char *name, *file = "config.json";

    if (number < G_N_ELEMENTS(fills)) {
        name = fills[number].name;
        file = fills[number].file;
        write_weights(folder, 10);
        g_string_append(text, fills[number].begin);
        append_copies(text, fills[number].copies, TEXT_BYTES);
        g_string_append(text, fills[number].end);
    } else if (number - G_N_ELEMENTS(fills) < G_N_ELEMENTS(objects)) {
        const guint i = number - G_N_ELEMENTS(fills);
        g_autofree char *label = g_strnfill(4000, 'a');

        name = objects[i].name;
        file = objects[i].classes ? file : INDEX;
        write_weights(folder, MAX(objects[i].classes, 1));
        g_string_append(text, objects[i].begin);
        g_string_replace(text, "$", label, 0);
        append_members(text, objects[i].count, objects[i].append, objects[i].value);
        g_string_append(text, objects[i].end);
    } else {
        return write_short_labels(folder);
    }
    /* A folder's own weights come before an index. */
    if (!strcmp(file, INDEX)) {
        g_autofree char *weights = g_build_filename(folder, "model.safetensors", NULL);

        g_assert_cmpint(remove(weights), ==, 0);
    }
    hostile_write(folder, file, text);
    return name;
}

/* Headers of safetensors files */

#define NO_DATA "{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}"

static const struct {
    const char *name, *begin, *end;
    gsize bytes;
} headers[] = {
    {"header: many tensors", "", "\":" NO_DATA, 4 << 20},
    {"header: many tensors, 99 MB", "", "\":" NO_DATA, HEADER_BYTES},
    {"header: escapes, 99 MB", "\\u0001\\u0001\\u0001\\u0001", "\":" NO_DATA, HEADER_BYTES},
};

static const HostileNetwork networks[] = {
    {16, 16, 3400, 10}, /* dilated kernels, with zeros between the taps */
    {1, 4, 3000, 10},   /* weights that are padded to whole vectors */
};

const guint hostile_headers = G_N_ELEMENTS(headers) + G_N_ELEMENTS(networks) + 1;

static const char *write_metadata(const char *folder)
{
    static const char begin[] = "\0\0\0\0\0\0\0\0{\"__metadata__\":{\"a\":\"";
    g_autoptr(GString) text = g_string_new_len(begin, sizeof begin - 1);

    append_copies(text, "abcdefgh", HEADER_BYTES);
    g_string_append(text, "\"}}");
    const guint64 length = GUINT64_TO_LE(text->len - 8);
    memcpy(text->str, &length, sizeof length);
    hostile_write(folder, "model.safetensors", text);
    return "header: metadata, 99 MB";
}

const char *hostile_write_header(const char *folder, guint number)
{
    if (number == G_N_ELEMENTS(headers))
        return write_metadata(folder);
    if (number > G_N_ELEMENTS(headers)) {
        hostile_write_network(folder, &networks[number - G_N_ELEMENTS(headers) - 1]);
        return number == G_N_ELEMENTS(headers) + 1 ? "dilated kernels" : "small blocks";
    }
    g_autoptr(GString) text = g_string_new_len("\0\0\0\0\0\0\0\0{", 9);
    for (guint i = 0; text->len < headers[number].bytes; i++)
        g_string_append_printf(text, "%s\"%s%u%s", i ? "," : "", headers[number].begin, i,
                               headers[number].end);
    g_string_append_c(text, '}');
    const guint64 length = GUINT64_TO_LE(text->len - 8);
    memcpy(text->str, &length, sizeof length);
    hostile_write(folder, "model.safetensors", text);
    return headers[number].name;
}
