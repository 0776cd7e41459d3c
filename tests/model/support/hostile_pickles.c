/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>
#include <zlib.h>

#include "tests/model/support/hostile.h"

#define PICKLE_BYTES (4 << 20)

/* The pickles that begin a legacy file: magic number, 1001, {"little_endian": True}. */
static const char preamble[] = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."
                               "\x80\x02M\xe9\x03."
                               "\x80\x02}X\x0d\x00\x00\x00little_endian\x88s.";

/* ("storage", torch.FloatStorage, "0", "cpu", 4) */
#define STORAGE_ID                               \
    "(\x8c\7storagectorch\nFloatStorage\n\x8c\1" \
    "0\x8c\3cpuK\4t"
#define REBUILD "ctorch._utils\n_rebuild_tensor_v2\n"

#define TEXT(literal) (literal), sizeof(literal) - 1
#define APPEND(out, literal) g_string_append_len(out, literal, sizeof(literal) - 1)

/* A pickle of first, then repeated, which fills it, then last. */
static const struct {
    const char *name, *first;
    gsize first_length;
    const char *repeated;
    gsize length;
    const char *last;
    gsize last_length;
} pickles[] = {
    {"marks", TEXT(""), TEXT("("), TEXT("")},
    {"stack of None", TEXT(""), TEXT("N"), TEXT(".")},
    {"stack of integers", TEXT(""), TEXT("K\1"), TEXT(".")},
    {"stack of empty lists", TEXT(""), TEXT("]"), TEXT(".")},
    {"stack of empty dicts", TEXT(""), TEXT("}"), TEXT(".")},
    {"stack of empty strings", TEXT(""), TEXT("\x8c\0"), TEXT(".")},
    {"stack of classes", TEXT(""), TEXT("ca\nb\n"), TEXT(".")},
    {"stack of copies", TEXT("N"), TEXT("2"), TEXT(".")},
    {"stack of memo entries", TEXT("Nq\0"), TEXT("h\0"), TEXT(".")},
    {"nested tuples", TEXT(")"), TEXT("\x85"), TEXT(".")},
    {"nested lists", TEXT("]"), TEXT("]"), TEXT("a.")},
    {"long list", TEXT("]("), TEXT("N"), TEXT("e.")},
    {"long tuple", TEXT("("), TEXT("N"), TEXT("t.")},
    {"long dict", TEXT("}("), TEXT("NN"), TEXT("u.")},
    {"lists of one element", TEXT("N"), TEXT("]Na0"), TEXT(".")},
    {"memo", TEXT("N"), TEXT("\x94"), TEXT(".")},
    {"dicts of one memo entry",
     TEXT("ccollections\nOrderedDict\nq\0](NN\x86NN\x86NN\x86NN\x86NN\x86NN\x86NN\x86NN\x86"
          "e\x85q\1"),
     TEXT("h\0h\1R"), TEXT(".")},
    {"storages", TEXT(STORAGE_ID "q\0"), TEXT("h\0Q"), TEXT(".")},
    {"tensors", TEXT(REBUILD "q\0(" STORAGE_ID "QK\0K\4\x85K\1\x85tq\1"), TEXT("h\0h\1R"),
     TEXT(".")},
    {"tensors of a state dict", TEXT(REBUILD "q\0(" STORAGE_ID "QK\0K\4\x85K\1\x85tq\1}("),
     TEXT("\x8c\1ah\0h\1R"), TEXT("u.")},
};

const guint hostile_pickles = G_N_ELEMENTS(pickles);

static GString *make_pickle(guint number, gsize bytes)
{
    GString *out = g_string_new("\x80\x02");

    g_string_append_len(out, pickles[number].first, (gssize)pickles[number].first_length);
    while (out->len < bytes)
        g_string_append_len(out, pickles[number].repeated, (gssize)pickles[number].length);
    return g_string_append_len(out, pickles[number].last, (gssize)pickles[number].last_length);
}

const char *hostile_write_pickle(const char *folder, guint number)
{
    g_autoptr(GString) pickle = make_pickle(number, PICKLE_BYTES);

    g_string_prepend_len(pickle, preamble, sizeof preamble - 1);
    hostile_write(folder, "model.pth", pickle);
    return pickles[number].name;
}

/* One storage for all tensors */

static void append_uint(GString *out, guint64 value, guint bytes)
{
    value = GUINT64_TO_LE(value);
    g_string_append_len(out, (const char *)&value, bytes);
}

static void append_integer(GString *out, guint64 value)
{
    g_string_append_c(out, 'J');
    append_uint(out, value, 4);
}

typedef struct Sharing {
    GString *pickle;
    gsize elements; /* of the storage, at least those of the largest tensor */
} Sharing;

static void measure_tensor(const HostileTensor *tensor, gpointer user_data)
{
    Sharing *s = user_data;

    s->elements = MAX(s->elements, tensor->elements);
}

static void share_tensor(const HostileTensor *tensor, gpointer user_data)
{
    GString *out = ((Sharing *)user_data)->pickle;
    guint stride = 1;

    g_string_append_c(out, '\x8c');
    append_uint(out, strlen(tensor->name), 1);
    g_string_append(out, tensor->name);
    APPEND(out, "h\0(h\1K\0(");
    for (guint i = 0; i < tensor->rank; i++)
        append_integer(out, tensor->shape[i]);
    g_string_append(out, "t(");
    for (guint i = 0; i < tensor->rank; i++) {
        stride = 1;
        for (guint k = i + 1; k < tensor->rank; k++)
            stride *= tensor->shape[k];
        append_integer(out, stride);
    }
    g_string_append(out, "ttR");
}

/* What precedes the tensors. */
static void begin_shared(const Sharing *s)
{
    g_string_append_len(s->pickle, preamble, sizeof preamble - 1);
    APPEND(s->pickle, "\x80\x02" REBUILD "q\0(\x8c\7storagectorch\nFloatStorage\n\x8c\1"
                      "0\x8c\3cpu");
    append_integer(s->pickle, s->elements);
    APPEND(s->pickle, "tQq\1}(");
}

static void end_shared(const Sharing *s, const char *folder)
{
    GString *out = s->pickle;

    APPEND(out, "u.\x80\x02]\x8c\1"
                "0a.");
    append_uint(out, s->elements, 8);
    const gsize data = out->len;
    g_string_set_size(out, data + s->elements * 4);
    memset(out->str + data, 0, s->elements * 4);
    hostile_write(folder, "model.pth", out);
}

void hostile_write_shared(const char *folder, guint blocks)
{
    const HostileNetwork network = {256, 4, blocks, 10};
    g_autoptr(GString) pickle = g_string_new(NULL);
    Sharing s = {pickle, 0};

    hostile_network(&network, measure_tensor, &s);
    begin_shared(&s);
    hostile_network(&network, share_tensor, &s);
    end_shared(&s, folder);
}

void hostile_write_views(const char *folder, const HostileTensor *tensors, guint count,
                         gsize elements)
{
    g_autoptr(GString) pickle = g_string_new(NULL);
    Sharing s = {pickle, elements};

    begin_shared(&s);
    for (guint i = 0; i < count; i++)
        share_tensor(&tensors[i], &s);
    end_shared(&s, folder);
}

/* Zip archives */

typedef struct Zip {
    GString *local, *central;
    guint count;
} Zip;

static GString *deflate_text(const GString *text)
{
    z_stream z = {.next_in = (Bytef *)text->str, .avail_in = (uInt)text->len};
    GString *out = g_string_sized_new(compressBound(text->len));

    g_assert_true(deflateInit2(&z, 9, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY) == Z_OK);
    z.next_out = (Bytef *)out->str;
    z.avail_out = (uInt)out->allocated_len;
    g_assert_true(deflate(&z, Z_FINISH) == Z_STREAM_END);
    deflateEnd(&z);
    g_string_set_size(out, z.total_out);
    return out;
}

/* The fields that local and central headers share. */
static void append_fields(GString *out, const GString *text, const GString *stored, gsize name)
{
    append_uint(out, 20, 2);
    append_uint(out, 0, 2);
    append_uint(out, Z_DEFLATED, 2);
    append_uint(out, 0, 4);
    append_uint(out, crc32(0, (const Bytef *)text->str, (uInt)text->len), 4);
    append_uint(out, stored->len, 4);
    append_uint(out, text->len, 4);
    append_uint(out, name, 2);
    append_uint(out, 0, 2);
}

/* Adds the entry to the directory; its data are at offset. */
static void list_entry(Zip *zip, const char *name, const GString *text, const GString *stored,
                       gsize offset)
{
    APPEND(zip->central, "PK\1\2\24\0");
    append_fields(zip->central, text, stored, strlen(name));
    append_uint(zip->central, 0, 8); /* comment, disk, attributes */
    append_uint(zip->central, 0, 2);
    append_uint(zip->central, offset, 4);
    g_string_append(zip->central, name);
    zip->count++;
}

/* Returns the offset of the entry. */
static gsize add_entry(Zip *zip, const char *name, const GString *text)
{
    g_autoptr(GString) stored = deflate_text(text);
    const gsize offset = zip->local->len;

    APPEND(zip->local, "PK\3\4");
    append_fields(zip->local, text, stored, strlen(name));
    g_string_append(zip->local, name);
    g_string_append_len(zip->local, stored->str, (gssize)stored->len);
    list_entry(zip, name, text, stored, offset);
    return offset;
}

static void write_zip(const char *folder, const Zip *zip)
{
    const gsize at = zip->local->len;

    g_string_append_len(zip->local, zip->central->str, (gssize)zip->central->len);
    APPEND(zip->local, "PK\5\6\0\0\0\0");
    append_uint(zip->local, zip->count, 2);
    append_uint(zip->local, zip->count, 2);
    append_uint(zip->local, zip->central->len, 4);
    append_uint(zip->local, at, 4);
    append_uint(zip->local, 0, 2);
    hostile_write(folder, "model.pth", zip->local);
}

#define ZIP_ENTRIES 60000
#define ZIP_DATA ((gsize)200 << 20)

static const char *const zips[] = {"zip: pickle that inflates", "zip: data that inflate",
                                   "zip: many entries"};

const guint hostile_zips = G_N_ELEMENTS(zips);

/* A state dict of one tensor whose storage has all of ZIP_DATA. */
static void add_inflating(Zip *zip)
{
    g_autoptr(GString) pickle = g_string_new(NULL), data = g_string_sized_new(ZIP_DATA);

    APPEND(pickle, "\x80\x02}\x8c\1a" REBUILD "((\x8c\7storagectorch\nFloatStorage\n\x8c\1"
                   "0\x8c\3cpu");
    append_integer(pickle, ZIP_DATA / 4);
    APPEND(pickle, "tQK\0K\4\x85K\1\x85tRs.");
    g_string_set_size(data, ZIP_DATA);
    memset(data->str, 0, ZIP_DATA);
    add_entry(zip, "a/data.pkl", pickle);
    add_entry(zip, "a/data/0", data);
}

const char *hostile_write_zip(const char *folder, guint number)
{
    g_autoptr(GString) local = g_string_new(NULL), central = g_string_new(NULL);
    Zip zip = {local, central, 0};
    g_autoptr(GString) pickle = number == 0 ? make_pickle(1, ZIP_DATA) : g_string_new("\x80\x02N.");

    if (number == 1)
        add_inflating(&zip);
    else
        add_entry(&zip, "a/data.pkl", pickle);
    for (guint i = 0; number == 2 && i < ZIP_ENTRIES; i++) {
        g_autofree char *name = g_strdup_printf("%u", i);

        add_entry(&zip, name, pickle);
    }
    write_zip(folder, &zip);
    return zips[number];
}
